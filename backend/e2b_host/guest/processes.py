"""One process of the sandbox and those who listen to it."""

import asyncio
import base64
import contextlib
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from typing import ClassVar

from .accounts import Account, resolve
from .places import real
from .wire import CallError, Message, reply

CHUNK = 32768
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
        self.listeners: set[StreamWriter] = set()
        self.tty: int | None = None
        self.killed = asyncio.Event()
        self.reaped = asyncio.Event()
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
        self.pidfd = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") else None
        Process.all[self.pid] = self
        loop = asyncio.get_running_loop()
        if timeout_ms:
            loop.call_later(timeout_ms / 1000 + DEADLINE_GRACE_S, self.signal, signal.SIGKILL)
        self.life = loop.create_task(self._live(outputs))

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
        self.killed.set()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

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
        self.listeners.add(writer)
        hung_up = asyncio.ensure_future(reader.read())
        try:
            while not hung_up.done() and not self.life.done():
                await asyncio.wait({hung_up, self.life}, timeout=keepalive_s, return_when=asyncio.FIRST_COMPLETED)
                if not hung_up.done() and not self.life.done():
                    reply(writer, {"event": {"keepalive": {}}})
        finally:
            hung_up.cancel()
            self.listeners.discard(writer)

    async def _publish(self, event: Message) -> None:
        line = json.dumps({"m": {"event": event}}).encode() + b"\n"
        for writer in list(self.listeners):
            try:
                writer.write(line)
                await writer.drain()
            except (OSError, RuntimeError):
                self.listeners.discard(writer)

    async def _pump(self, fd: int, kind: str) -> None:
        os.set_blocking(fd, False)
        while True:
            try:
                data = os.read(fd, CHUNK)
            except BlockingIOError:
                await _readable(fd)
                continue
            except OSError:  # EIO: the terminal's other end is closed
                return
            if not data:
                return
            if self.listeners:
                await self._publish({"data": {kind: base64.b64encode(data).decode()}})

    async def _exit_code(self) -> int:
        if self.pidfd is None:
            while (code := self.child.poll()) is None:
                await asyncio.sleep(POLL_S)
            return code
        await _readable(self.pidfd)
        os.close(self.pidfd)
        return self.child.wait()

    async def _live(self, outputs: list[tuple[int, str]]) -> None:
        loop = asyncio.get_running_loop()
        pumps = [loop.create_task(self._pump(fd, kind)) for fd, kind in outputs]
        killed = loop.create_task(self.killed.wait())
        drained = asyncio.gather(*pumps)
        await asyncio.wait({drained, killed}, return_when=asyncio.FIRST_COMPLETED)
        code = await self._exit_code()
        del Process.all[self.pid]
        self.reaped.set()
        await asyncio.wait(pumps, timeout=STRAGGLER_S)
        drained.cancel()
        killed.cancel()
        await asyncio.gather(drained, killed, return_exceptions=True)
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            if pipe:
                pipe.close()
        if self.tty is not None:
            os.close(self.tty)
        await self._publish({"end": _ending(code)})


def _ending(code: int) -> Message:
    if code < 0:
        name = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated"}.get(signal.Signals(-code), str(-code))
        status = f"signal: {name}"
        return {"exitCode": -1, "exited": False, "status": status, "error": status}
    status = f"exit status {code}"
    return {"exitCode": code, "exited": True, "status": status, **({"error": status} if code else {})}


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(fd)
