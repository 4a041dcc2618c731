"""What a process writes, passed on to those who listen as fast as the slowest of them takes it."""

import asyncio
import base64
import os
from asyncio import StreamWriter
from collections.abc import Callable

from .wire import Message, reply, reply_last

CHUNK = 32768
HIGH_WATER = 1024 * 1024
"""What may wait for a listener, in bytes, before the process has to."""


class Outputs:
    """Reads file descriptors until their ends, then calls `on_end`, once."""

    def __init__(self, fds: list[tuple[int, str]], on_end: Callable[[], None]) -> None:
        self.listeners: set[StreamWriter] = set()
        self._open = dict(fds)
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._waits: dict[int, asyncio.Task[None]] = {}
        for fd in self._open:
            os.set_blocking(fd, False)
            self._loop.add_reader(fd, self._read, fd)

    def finish(self, event: Message) -> None:
        """Tell the end."""
        for fd in list(self._open):
            self._end(fd)
        for writer in self.listeners:
            reply_last(writer, {"event": event})

    def _read(self, fd: int) -> None:
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # EIO: the terminal's other end is closed
            data = b""
        if not data:
            self._end(fd)
            if not self._open:
                self._on_end()
        elif self.listeners:
            event: Message = {"event": {"data": {self._open[fd]: base64.b64encode(data).decode()}}}
            for writer in self.listeners:
                reply(writer, event)
            if slow := [writer for writer in self.listeners if writer.transport.get_write_buffer_size() > HIGH_WATER]:
                self._loop.remove_reader(fd)
                self._waits[fd] = self._loop.create_task(self._wait(fd, slow))

    async def _wait(self, fd: int, slow: list[StreamWriter]) -> None:
        for writer in slow:
            try:
                await writer.drain()
            except (OSError, RuntimeError):
                self.listeners.discard(writer)
        del self._waits[fd]
        self._loop.add_reader(fd, self._read, fd)

    def _end(self, fd: int) -> None:
        del self._open[fd]
        if waiting := self._waits.pop(fd, None):
            waiting.cancel()
        self._loop.remove_reader(fd)
