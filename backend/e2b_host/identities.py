"""Who a sandbox is to the kernel when the host runs as root.

A root host must not lend its uid to sandboxes: even without capabilities, uid 0 owns the files of `/proc/sys`, and
through them the machine.
So each sandbox gets a user namespace made beforehand, in which its `user` is a uid that nobody else on the machine
has. Namespace root is the host's root, just long enough for bubblewrap to mount what only root may read; the guest
gives it up before it serves. The uid is the same in all of them, so that they can share the lower layers of overlays.
"""

import ctypes
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWUSER = 0x10000000
GUEST_UID = 1000
HOST_UID = 2_065_000_000
"""The sandboxes' uid and gid on a root host: far above what distributions hand out to people, services and containers."""


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


def make() -> Identity:
    """Make an identity; needs root and, since it forks, a process with one thread.

    Raises OSError where the kernel allows no user namespaces.
    """
    to_child, from_child = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(to_child[1])
        os._exit(_hold_namespace(to_child[0], from_child[1]))
    os.close(from_child[1])
    try:
        if os.read(from_child[0], 1) != b"n":
            raise OSError("the kernel made no user namespace")
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{child}/{kind}").write_text(f"0 0 1\n{GUEST_UID} {HOST_UID} 1\n")
        os.write(to_child[1], b"m")
        if os.read(from_child[0], 1) != b"d":
            raise OSError("nested user namespaces could not be disabled")
        return Identity(os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC))
    finally:
        for fd in (*to_child, from_child[0]):
            os.close(fd)
        os.waitpid(child, 0)


def own(path: Path) -> None:
    """Give a tree to the sandboxes' user."""
    subprocess.run(["chown", "-R", "-h", f"{HOST_UID}:{HOST_UID}", str(path)], check=True, capture_output=True)


def _hold_namespace(reader: int, writer: int) -> int:
    """In the child: make the namespace, await its map, forbid namespaces inside it, and stay until it has been opened."""
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
            return 1
        os.write(writer, b"n")
        os.read(reader, 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.write(writer, b"d")
        os.read(reader, 1)
    except OSError:
        return 1
    return 0
