"""What a path is, in the shape of envd's `EntryInfo`."""

import contextlib
import grp
import os
import pwd
import stat
import time

from . import places
from .wire import CallError, Message

XATTR = "user.e2b."
TYPES = {stat.S_IFREG: "FILE_TYPE_FILE", stat.S_IFDIR: "FILE_TYPE_DIRECTORY"}
UNSPECIFIED = "FILE_TYPE_UNSPECIFIED"


def metadata(path: str | int) -> dict[str, str]:
    """The metadata a client stored with a file: extended attributes under `user.e2b.`."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for name in os.listxattr(path):
            if name.startswith(XATTR):
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    found[name.removeprefix(XATTR)] = os.getxattr(path, name).decode()
    return found


def entry(path: str, shown: str | None = None) -> Message:
    """The entry at `path`, presented as `shown`; `not_found` when nothing is there."""
    try:
        own = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise CallError("not_found", f"file not found: {path}") from None
    target: str | None = None
    meant: os.stat_result | None = own
    if stat.S_ISLNK(own.st_mode):
        target = os.path.realpath(path)
        try:
            meant = os.stat(path)
        except OSError:
            target, meant = path, None
    mode = stat.filemode(own.st_mode)
    info: Message = {
        "name": os.path.basename(path) or "/",
        "path": places.shown(shown or path),
        "size": str(own.st_size),
        "type": TYPES.get(stat.S_IFMT(meant.st_mode), UNSPECIFIED) if meant else UNSPECIFIED,
        "mode": meant.st_mode & 0o777 if meant else 0,
        "permissions": "L" + mode[1:] if target else mode,
        "owner": _user(own.st_uid),
        "group": _group(own.st_gid),
        "modifiedTime": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(own.st_mtime))
        + f".{own.st_mtime_ns % 10**9:09d}Z",
    }
    if target is not None:
        info["symlinkTarget"] = target
    if stored := metadata(path):
        info["metadata"] = stored
    return info


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
