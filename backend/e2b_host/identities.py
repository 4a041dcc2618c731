"""Who a sandbox is to the kernel when the host runs as root.

A root host must not lend its uid to sandboxes: even without capabilities, uid 0 owns the files of `/proc/sys`, and
through them the machine.
So each sandbox gets a user namespace made beforehand, in which its `user` is a uid that nobody else on the machine
has. Namespace root is the host's root, just long enough for bubblewrap to mount what only root may read; the guest
gives it up before it serves. The uid is the same in all of them, so that they can share the lower layers of overlays.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWUSER = 0x10000000
GUEST_UID = 1000
HOST_UID = 2_065_000_000
"""The sandboxes' uid and gid on a root host: far above what distributions hand out to people, services and containers."""

INOTIFY = (Path("/proc/sys/user/max_inotify_instances"), Path("/proc/sys/user/max_inotify_watches"))
INOTIFY_SHARE = 4
"""One sandbox may take a part in so many of the machine's file watches, which all its sandboxes share."""


@dataclass(frozen=True)
class Identity:
    userns_fd: int


class NoIdentity(Exception):
    """All identities are in use."""


class Identities:
    """A fixed stock; an identity is used again after its sandbox has gone."""

    def __init__(self, stock: Sequence[Identity]) -> None:
        self._free = list(stock)

    def take(self) -> Identity:
        if not self._free:
            raise NoIdentity
        return self._free.pop(0)

    def give_back(self, identity: Identity) -> None:
        self._free.append(identity)


def make(count: int) -> list[Identity]:
    """Make identities; needs root and, since it forks, a process with one thread.

    Raises OSError where the kernel allows no user namespaces.
    """
    makers = [_Maker() for _ in range(count)]
    try:
        for maker in makers:
            maker.map_users()
        return [maker.identity() for maker in makers]
    finally:
        for maker in makers:
            maker.dismiss()


class _Maker:
    """A child process that holds a new namespace until it has been opened."""

    def __init__(self) -> None:
        self._reader, child_writer = os.pipe()
        child_reader, self._writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._writer)
            os._exit(_hold_namespace(child_reader, child_writer))
        os.close(child_reader)
        os.close(child_writer)

    def map_users(self) -> None:
        if os.read(self._reader, 1) != b"n":
            raise OSError("the kernel made no user namespace")
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{self._pid}/{kind}").write_text(f"0 0 1\n{GUEST_UID} {HOST_UID} 1\n")
        os.write(self._writer, b"m")

    def identity(self) -> Identity:
        if os.read(self._reader, 1) != b"d":
            raise OSError("nested user namespaces could not be disabled")
        return Identity(os.open(f"/proc/{self._pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC))

    def dismiss(self) -> None:
        os.close(self._reader)
        os.close(self._writer)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def own(path: Path) -> None:
    """Give a tree to the sandboxes' user."""
    subprocess.run(["chown", "-R", "-h", f"{HOST_UID}:{HOST_UID}", str(path)], check=True, capture_output=True)


def _hold_namespace(reader: int, writer: int) -> int:
    """In the child: make the namespace, await its map, set its limits, and stay until it has been opened."""
    try:
        inotify = {file: int(file.read_text()) for file in INOTIFY if file.exists()}
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
            return 1
        os.write(writer, b"n")
        os.read(reader, 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        for file, most in inotify.items():
            file.write_text(str(most // INOTIFY_SHARE))
        os.write(writer, b"d")
        os.read(reader, 1)
    except OSError:
        return 1
    return 0
