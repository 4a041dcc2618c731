"""One process of the sandbox and those who listen to it."""

import asyncio
import base64
import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from typing import ClassVar

from .accounts import Account, resolve
from .outputs import Outputs
from .places import real
from .wire import CallError, Message, reply

DEADLINE_GRACE_S = 0.05
"""The kill comes this much after the deadline, so that its exit is never reported before `deadline_exceeded`."""
POLL_S = 0.02
STRAGGLER_S = 0.05
"""How long output still in the pipes of a killed process is waited for."""


def environment(who: Account, sandbox: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    base = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": who.home, "USER": who.name, "LOGNAME": who.name}
    return {name: real(value) for name, value in {**base, **sandbox, **own}.items()}


class Process:
    all: ClassVar[dict[int, "Process"]] = {}

    def __init__(self, message: Message, who: Account, sandbox_envs: Mapping[str, str], timeout_ms: int) -> None:
        self.config: Message = message.get("process") or {}
        self.tag: str | None = message.get("tag")
        self.tty: int | None = None
        self.reaped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._awaited = self._drained = False
        cwd = resolve(self.config.get("cwd") or "", who)
        if not os.path.isdir(cwd):
            raise CallError("invalid_argument", f"cwd '{cwd}' does not exist")
        argv = [real(part) for part in (self.config.get("cmd", ""), *(self.config.get("args") or []))]
        env = environment(who, sandbox_envs, self.config.get("envs") or {})
        try:
            outputs = (
                self._spawn_tty(argv, cwd, env, message["pty"])
                if message.get("pty")
                else self._spawn(argv, cwd, env, message)
            )
        except (OSError, ValueError) as error:
            raise CallError("invalid_argument", f"error starting process '{' '.join(argv)}': {error}") from error
        self.pid = self.child.pid
        Process.all[self.pid] = self
        self.outputs = Outputs(outputs, self._outputs_ended)
        delay_s = timeout_ms / 1000 + DEADLINE_GRACE_S
        self._deadline = self._loop.call_later(delay_s, self.signal, signal.SIGKILL) if timeout_ms else None

    def _spawn(self, argv: list[str], cwd: str, env: dict[str, str], message: Message) -> list[tuple[int, str]]:
        self.child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE if message.get("stdin", True) else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        if self.child.stdin:
            os.set_blocking(self.child.stdin.fileno(), False)
        assert self.child.stdout
        assert self.child.stderr
        return [(self.child.stdout.fileno(), "stdout"), (self.child.stderr.fileno(), "stderr")]

    def _spawn_tty(self, argv: list[str], cwd: str, env: dict[str, str], pty: Message) -> list[tuple[int, str]]:
        self.tty, slave = os.openpty()
        self.resize(pty)
        try:
            self.child = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        except OSError:
            os.close(self.tty)
            raise
        finally:
            os.close(slave)
        return [(self.tty, "pty")]

    def resize(self, pty: Message) -> None:
        if self.tty is None:
            raise CallError("internal", "tty not assigned to process")
        size = pty.get("size") or {}
        fcntl.ioctl(self.tty, termios.TIOCSWINSZ, struct.pack("HHHH", size.get("rows", 24), size.get("cols", 80), 0, 0))

    def signal(self, number: int) -> None:
        """Signal the process and all it started in its session's group."""
        if self.reaped.is_set():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
        self._await_exit()

    async def feed(self, message: Message) -> None:
        """Write to the terminal or to stdin."""
        if "pty" in message:
            if self.tty is None:
                raise CallError("internal", "tty not assigned to process")
            fd = self.tty
        else:
            if self.tty is not None or self.child.stdin is None or self.child.stdin.closed:
                raise CallError("internal", "stdin not enabled or closed")
            fd = self.child.stdin.fileno()
        data = base64.b64decode(message.get("pty") or message.get("stdin") or "")
        while data and not self.reaped.is_set():
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                await asyncio.sleep(0.005)
            except OSError as error:
                raise CallError("internal", f"error writing to stdin: {error}") from error

    def close_stdin(self) -> None:
        if self.tty is not None:
            raise CallError("unknown", "cannot close stdin for PTY process")
        if self.child.stdin:
            self.child.stdin.close()

    async def listen(self, reader: StreamReader, writer: StreamWriter, keepalive_s: float) -> None:
        """Stream the process to the caller until it ends; a caller who hangs up leaves it running."""
        reply(writer, {"event": {"start": {"pid": self.pid}}})
        self.outputs.listeners.add(writer)
        hung_up = asyncio.ensure_future(reader.read())
        try:
            while not hung_up.done() and not self.ended.done():
                await asyncio.wait({hung_up, self.ended}, timeout=keepalive_s, return_when=asyncio.FIRST_COMPLETED)
                if not hung_up.done() and not self.ended.done():
                    reply(writer, {"event": {"keepalive": {}}})
        finally:
            hung_up.cancel()
            self.outputs.listeners.discard(writer)

    def _await_exit(self) -> None:
        """Called when its outputs have ended, or when it was killed, whose outputs others may hold."""
        if self._awaited:
            return
        self._awaited = True
        if self.child.poll() is not None:
            self._reaped()
        elif hasattr(os, "pidfd_open"):
            pidfd = os.pidfd_open(self.pid)
            self._loop.add_reader(pidfd, self._exited, pidfd)
        else:
            self._loop.call_later(POLL_S, self._poll)

    def _exited(self, pidfd: int) -> None:
        self._loop.remove_reader(pidfd)
        os.close(pidfd)
        self.child.wait()
        self._reaped()

    def _poll(self) -> None:
        if self.child.poll() is None:
            self._loop.call_later(POLL_S, self._poll)
        else:
            self._reaped()

    def _reaped(self) -> None:
        del Process.all[self.pid]
        self.reaped.set()
        if self._drained:
            self._end()
        else:
            self._loop.call_later(STRAGGLER_S, self._end)

    def _outputs_ended(self) -> None:
        self._drained = True
        if self.reaped.is_set():
            self._end()
        else:
            self._await_exit()

    def _end(self) -> None:
        if self.ended.done():
            return
        self.outputs.finish({"end": _ending(self.child.returncode)})
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            if pipe:
                pipe.close()
        if self.tty is not None:
            os.close(self.tty)
        if self._deadline:
            self._deadline.cancel()
        self.ended.set_result(None)


def _ending(code: int) -> Message:
    if code < 0:
        name = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated"}.get(signal.Signals(-code), str(-code))
        status = f"signal: {name}"
        return {"exitCode": -1, "exited": False, "status": status, "error": status}
    status = f"exit status {code}"
    return {"exitCode": code, "exited": True, "status": status, **({"error": status} if code else {})}
