"""Where the host keeps what under its data directory, and what every sandbox sees of the system."""

import compileall
import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

PATH = "/home/user/.local/bin:/.envd/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost e2b.local\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    # A login shell must not lose the PATH that a template's or a command's environment set.
    "profile": f': "${{PATH:={PATH}}}"\nexport PATH\n',
    "bash.bashrc": "",
    "ld.so.preload": "",
}
BIN = {
    "sudo": "#!/bin/bash\n# One uid lives here: sudo changes the environment, not the rights.\n"
    'while [[ "$1" == -* ]]; do shift; done\n'
    'exec env HOME=/root USER=root LOGNAME=root "$@"\n',
    "python": '#!/bin/sh\nexec python3 "$@"\n',
}
ROOT, OVERLAYS, UPPER, WORK = "root", "overlays", "upper", "work"
"""In a sandbox's directory: its root, and by number what it wrote over its template's overlay mounts."""
MAX_SOCKET_PATH = 104
MAX_REMOVALS = 64
"""Each removes at least one level of locked directories."""


class DirectoryTaken(Exception):
    """Another host runs on this data directory; the operator acts."""


class Layout:
    """The data directory of one running host; only its user may enter."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.resolve()
        self.sandboxes = self.root / "sandboxes"
        self.snapshots = self.root / "snapshots"
        self.sockets = self.root / "sockets"
        self.system = self.root / "system"
        self._sockets_fd = -1

    def socket_path(self, name: str) -> str:
        """An address for a unix socket, short enough for the kernel however deep the data directory lies."""
        path = str(self.sockets / name)
        if len(path) < MAX_SOCKET_PATH:
            return path
        if self._sockets_fd < 0:
            self._sockets_fd = os.open(self.sockets, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._sockets_fd}/{name}"

    def prepare(self) -> None:
        """Write what every sandbox shares; what an earlier host's sandboxes and snapshots left stays."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o700)
        self._lock()
        self.clear()
        for folder in (self.sandboxes, self.snapshots, self.sockets, self.system):
            folder.mkdir(exist_ok=True)
        (self.system / "etc").mkdir()
        for name, text in ETC.items():
            (self.system / "etc" / name).write_text(text)
        (self.system / "bin").mkdir()
        for name, text in BIN.items():
            (self.system / "bin" / name).write_text(text)
            (self.system / "bin" / name).chmod(0o755)
        guest = self.system / "agent" / "guest"
        shutil.copytree(Path(__file__).with_name("guest"), guest, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(str(guest), quiet=2)

    def clear(self) -> None:
        """Remove what serves only a running host."""
        for folder in (self.sockets, self.system):
            remove_tree(folder)

    def _lock(self) -> None:
        self._lock_file = (self.root / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"another sandbox host runs on {self.root}: stop it, or choose another --data-dir"
            raise DirectoryTaken(message) from error


def remove_tree(folder: Path) -> None:
    """Remove a tree whose owner may have taken away its own rights to it."""

    def unlock(function: Callable[[str], object], path: str, error: object) -> None:
        if os.geteuid() == 0:  # root needs no rights, and must not change those of what a link may lead to
            return
        with contextlib.suppress(OSError):
            Path(path).parent.chmod(stat.S_IRWXU)
            if not Path(path).is_symlink():
                Path(path).chmod(stat.S_IRWXU)

    shutil.rmtree(folder, onerror=unlock)
    for _ in range(MAX_REMOVALS):  # again for what was locked, and for what a dying process wrote meanwhile
        if not folder.exists():
            return
        shutil.rmtree(folder, onerror=unlock)
