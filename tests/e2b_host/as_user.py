"""`as_user.py UID PATH… -- COMMAND…`: run a command as an unprivileged user who can read these paths and few others' files.

Needs root. Where a directory on the way to a path is closed to that user, an empty one stands before it, in this
process's own view of the file system only.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    divider = sys.argv.index("--")
    uid, paths, command = int(sys.argv[1]), [Path(path) for path in sys.argv[2:divider]], sys.argv[divider + 1 :]
    check(libc.unshare(CLONE_NEWNS))
    mount("none", Path("/"), None, MS_REC | MS_PRIVATE)
    for path, fd in [(path, os.open(path, os.O_PATH)) for path in paths]:
        there = [folder for folder in reversed(path.parents) if folder.exists()]
        if closed := next((folder for folder in there if not folder.stat().st_mode & 0o001), None):
            mount("tmpfs", closed, "tmpfs", 0, "mode=755")
        path.mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{fd}", path, None, MS_BIND | MS_REC)
        os.close(fd)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(command[0], command)


def mount(source: str, target: Path, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [text.encode() if text else None for text in (source, str(target), kind, options)]
    check(libc.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3]))


def check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
