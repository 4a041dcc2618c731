"""A sandbox's process tree as the host holds it: started, watched, called and killed."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .channel import Channel
from .identities import Identity
from .limits import Limits
from .templates import Template

BOOT_S = 20.0
EGRESS_SOCKET = "egress.sock"


class BootError(Exception):
    """A sandbox did not come up; the message carries the end of its log."""


@dataclass(frozen=True)
class Plan:
    """Everything needed to start one sandbox."""

    id: str
    folder: Path
    """The sandbox's own directory on the host; removed with it."""
    template: Template
    envs: Mapping[str, str]
    limits: Limits
    egress_socket: Path | None
    identity: Identity | None
    """Set on a root host."""

    @property
    def files(self) -> Path:
        """The sandbox's root directory."""
        return self.folder / "root"


class Backend(Protocol):
    """A way to run a guest: in a jail, or as a plain process."""

    def command(self, plan: Plan, config_fd: int) -> tuple[list[str], list[int]]:
        """The argv that runs the guest, and the file descriptors it inherits, which the caller closes."""
        ...

    def guest_config(self, plan: Plan) -> dict[str, Any]:
        """What the guest is told beside its socket."""
        ...

    def lay_out(self, plan: Plan) -> None:
        """Fill the sandbox's directory; called in a thread."""
        ...

    def started(self, plan: Plan, pid: int) -> None:
        """The process of `command` runs; a jail waits for this call."""
        ...

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the guest and all it runs; the caller reaps it."""
        ...


class Machine:
    def __init__(self, backend: Backend, plan: Plan, socket_path: str, on_exit: Callable[[int], None]) -> None:
        self._backend = backend
        self._plan = plan
        self._socket_path = socket_path
        self._on_exit = on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self.channel = Channel(socket_path)
        self.booted_at = 0.0
        """When the guest last answered for the first time, by the monotonic clock."""

    async def boot(self) -> None:
        """Start the guest and wait until it answers.

        Must run on the main thread: a jail dies with the thread that started it.
        """
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._socket_path)
            listener.listen(512)
            config = {**self._backend.guest_config(self._plan), "socket_fd": listener.fileno()}
            config_fd = sealed_file("guest", json.dumps(config).encode())
            argv, fds = self._backend.command(self._plan, config_fd)
            with (self._plan.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: ASYNC220 - a thread would not do, see above
                    argv,
                    pass_fds=[listener.fileno(), config_fd, *fds],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
                    start_new_session=True,
                )
            self._backend.started(self._plan, self._process.pid)
            for fd in (config_fd, *fds):
                os.close(fd)
        if hasattr(os, "pidfd_open"):
            self._pidfd = os.pidfd_open(self._process.pid)
            asyncio.get_running_loop().add_reader(self._pidfd, self._ended)
        try:
            await asyncio.wait_for(self.channel.call({"op": "ping"}), BOOT_S)
        except Exception as error:
            self.kill()
            raise BootError(f"the sandbox did not boot: {self._log_tail() or error or type(error).__name__}") from error
        self.booted_at = time.monotonic()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        """Kill the whole tree; returns when its first process is reaped. `on_exit` is not called."""
        self._unwatch()
        if self._process and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._backend.end(self._process)
            self._process.wait()
        Path(self._socket_path).unlink(missing_ok=True)

    def _ended(self) -> None:
        self._unwatch()
        assert self._process
        self._on_exit(self._process.wait())

    def _unwatch(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _log_tail(self) -> str:
        return (self._plan.folder / "log").read_text(errors="replace")[-1000:].strip()


def sealed_file(name: str, data: bytes) -> int:
    """A file descriptor from which a child reads `data`, unseen by other users, who can see its arguments."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create(name)
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        return fd
    fd, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return fd
