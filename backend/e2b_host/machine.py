"""A sandbox's process tree as the host holds it: started, watched, called and killed."""

import asyncio
import contextlib
import json
import os
import signal
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
END_S = 3.0
"""A guest that does not heed the backend's `end` is killed after this."""
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
        """Fill the sandbox's directory from its template; called in a thread."""
        ...

    def started(self, plan: Plan, pid: int) -> None:
        """The process of `command` runs; a jail waits for this call."""
        ...

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Begin to end the guest and all it runs, without waiting; the process itself ends after all others."""
        ...


class Machine:
    """Boots as often as it is asked to: the sandbox's files outlive it."""

    def __init__(self, backend: Backend, socket_path: str, on_exit: Callable[[str], None]) -> None:
        """`on_exit` hears how a guest ended that was not killed."""
        self._backend = backend
        self._socket_path = socket_path
        self._on_exit = on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self._pidfd = -1
        self._exited = asyncio.Event()
        self._answered = False
        self._killed = False
        self.channel = Channel(socket_path)
        self.booted_at = 0.0
        """When the guest last answered for the first time, by the monotonic clock."""

    async def boot(self, plan: Plan) -> None:
        """Start the guest and wait until it answers.

        Must run on the main thread: a jail dies with the thread that started it.
        """
        self._answered = self._killed = False
        self._exited = asyncio.Event()
        self._log = plan.folder / "log"
        self._process = self._start(plan, self._log)
        if hasattr(os, "pidfd_open"):
            self._pidfd = os.pidfd_open(self._process.pid)
            asyncio.get_running_loop().add_reader(self._pidfd, self._ended)
        try:
            self._backend.started(plan, self._process.pid)
            await asyncio.wait_for(self.channel.call({"op": "ping"}), BOOT_S)
        except BaseException as error:
            await self.kill()
            if not isinstance(error, Exception):
                raise
            raise BootError(f"the sandbox did not boot: {self.log_tail() or error or type(error).__name__}") from error
        self._answered = True
        self.booted_at = time.monotonic()

    def _start(self, plan: Plan, log_path: Path) -> subprocess.Popen[bytes]:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._socket_path)
            listener.listen(512)
            config = {**self._backend.guest_config(plan), "socket_fd": listener.fileno()}
            config_fd = sealed_file("guest", json.dumps(config).encode())
            argv, fds = self._backend.command(plan, config_fd)
            try:
                with log_path.open("ab") as log:
                    return subprocess.Popen(
                        argv,
                        pass_fds=[listener.fileno(), config_fd, *fds],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
                        start_new_session=True,
                    )
            finally:
                for fd in (config_fd, *fds):
                    os.close(fd)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """0 when nothing runs."""
        return self._process.pid if self._process else 0

    async def kill(self) -> None:
        """Kill the whole tree; returns when nothing of it is left. `on_exit` is not called."""
        self._killed = True
        if self._process:
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    self._backend.end(self._process)
            await self._wait(self._process)
        Path(self._socket_path).unlink(missing_ok=True)

    async def _wait(self, process: subprocess.Popen[bytes]) -> None:
        exited = self._exited.wait() if self._pidfd >= 0 else asyncio.to_thread(process.wait)
        waiting = asyncio.ensure_future(exited)
        done, _ = await asyncio.wait({waiting}, timeout=END_S)
        if not done:
            process.kill()
            await waiting

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        assert self._process
        status = self._process.wait()
        self._exited.set()
        if self._answered and not self._killed:
            self._on_exit(_told(status))

    def log_tail(self) -> str:
        """The last of what the guest, or what starts it, had to say."""
        try:
            return self._log.read_text(errors="replace")[-1000:].strip() if self._log else ""
        except OSError:
            return ""


def _told(status: int) -> str:
    """How a process ended; jails report a signal as 128 and its number."""
    number = -status if status < 0 else status - 128
    try:
        return f"ended by {signal.Signals(number).name}" if number > 0 else f"exit status {status}"
    except ValueError:
        return f"exit status {status}"


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
