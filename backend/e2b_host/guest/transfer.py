"""File contents, up and down."""

import contextlib
import errno
import json
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
    """Write the chunks that follow the head to a file; its parents are made.

    The file is opened only when its first chunk is there, and what an older one had beyond the end goes last: a file that
    was emptied first is put on the disk at once by ext4, which takes longer than all else. An upload that breaks off
    leaves no new file.
    """
    path = resolve(head.get("path") or "", who)
    chunk = await _chunk(reader)
    make_parents(os.path.dirname(path))
    if os.path.isdir(path):
        raise CallError("invalid_argument", f"path is a directory: {path}")
    with _full_disk_told():
        fd, new = _open(path)
        written = 0
        try:
            try:
                while chunk:
                    view = memoryview(chunk)
                    while view:
                        count = os.write(fd, view)
                        view, written = view[count:], written + count
                    chunk = await _chunk(reader)
            finally:
                if os.fstat(fd).st_size > written:
                    os.ftruncate(fd, written)
            _store(fd, head.get("metadata") or {}, new)
        except (CallError, OSError):
            if new:
                os.unlink(path)
            raise
        finally:
            os.close(fd)
    told: Message = {"path": shown(path), "name": os.path.basename(path), "type": "file"}
    if stored := head.get("metadata"):
        told["metadata"] = stored
    return told


async def _chunk(reader: StreamReader) -> bytes:
    try:
        return await reader.readexactly(struct.unpack("!I", await reader.readexactly(4))[0])
    except IncompleteReadError:
        raise CallError("canceled", "upload aborted") from None


def _open(path: str) -> tuple[int, bool]:
    """The file, and whether it is new."""
    flags = os.O_WRONLY | os.O_CLOEXEC
    try:
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT, 0o666), False
    os.fchown(fd, os.getuid(), os.getgid())  # as envd does: its watchers report it
    return fd, True


def _store(fd: int, wanted: dict[str, str], new: bool) -> None:
    """Let the file have this metadata and no other."""
    for name in () if new else metadata(fd).keys() - wanted.keys():
        os.removexattr(fd, XATTR + name)
    for name, value in wanted.items():
        os.setxattr(fd, XATTR + name, value.encode())


@contextlib.contextmanager
def _full_disk_told():
    try:
        yield
    except OSError as error:
        code = "resource_exhausted" if error.errno in FULL else "internal"
        raise CallError(code, f"error writing file: {error}") from error


async def download(head: Message, reader: StreamReader, writer: StreamWriter, who: Account) -> None:
    """Send `{"size", "mtime_ns", "name"}`, then the file's bytes: as many as it said, or those the caller then chooses.

    Files of /proc say 0 and are read to their end.
    """
    path = resolve(head.get("path") or "", who)
    fd = _open_to_read(path)
    try:
        info = os.fstat(fd)
        if stat.S_ISDIR(info.st_mode):
            raise CallError("invalid_argument", f"path '{path}' is a directory")
        if not stat.S_ISREG(info.st_mode):
            raise CallError("invalid_argument", f"path '{path}' is not a regular file")
        reply(writer, {"size": info.st_size, "mtime_ns": info.st_mtime_ns, "name": os.path.basename(path)})
        left = info.st_size
        if head.get("choose"):
            chosen = json.loads(await reader.readline() or b'{"length": 0}')
            os.lseek(fd, chosen.get("start", 0), os.SEEK_SET)
            left = chosen.get("length", left)
        while data := os.read(fd, min(CHUNK, left) if info.st_size else CHUNK):
            writer.write(data)
            await writer.drain()
            left -= len(data)
    finally:
        os.close(fd)


def _open_to_read(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise CallError("not_found", f"path '{path}' does not exist") from None
    except OSError as error:
        raise CallError("internal", f"error opening file '{path}': {error}") from error
