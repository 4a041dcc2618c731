"""File contents, up and down."""

import errno
import os
import stat
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter

from .accounts import Account, resolve
from .entries import XATTR, metadata
from .filesystem import make_parents
from .places import shown
from .wire import CallError, Message, reply

CHUNK = 256 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


async def upload(head: Message, reader: StreamReader, who: Account) -> Message:
    """Write the chunks that follow the head to a file; its parents are made."""
    path = resolve(head.get("path") or "", who)
    make_parents(os.path.dirname(path))
    if os.path.isdir(path):
        raise CallError("invalid_argument", f"path is a directory: {path}")
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            while size := struct.unpack("!I", await reader.readexactly(4))[0]:
                view = memoryview(await reader.readexactly(size))
                while view:
                    view = view[os.write(fd, view) :]
            wanted: dict[str, str] = head.get("metadata") or {}
            for name in metadata(path).keys() - wanted.keys():
                os.removexattr(fd, XATTR + name)
            for name, value in wanted.items():
                os.setxattr(fd, XATTR + name, value.encode())
        finally:
            os.close(fd)
    except IncompleteReadError:
        raise CallError("canceled", "upload aborted") from None
    except OSError as error:
        code = "resource_exhausted" if error.errno in FULL else "internal"
        raise CallError(code, f"error writing file: {error}") from error
    written: Message = {"path": shown(path), "name": os.path.basename(path), "type": "file"}
    if stored := metadata(path):
        written["metadata"] = stored
    return written


async def download(head: Message, writer: StreamWriter, who: Account) -> None:
    """Send `{"size", "mtime", "name"}`, then the file's bytes until its end."""
    path = resolve(head.get("path") or "", who)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise CallError("not_found", f"path '{path}' does not exist") from None
    except OSError as error:
        raise CallError("internal", f"error opening file '{path}': {error}") from error
    try:
        info = os.fstat(fd)
        if stat.S_ISDIR(info.st_mode):
            raise CallError("invalid_argument", f"path '{path}' is a directory")
        if not stat.S_ISREG(info.st_mode):
            raise CallError("invalid_argument", f"path '{path}' is not a regular file")
        reply(writer, {"size": info.st_size, "mtime": info.st_mtime, "name": os.path.basename(path)})
        while data := os.read(fd, CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        os.close(fd)
