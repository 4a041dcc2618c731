"""The only way out of a sandbox: an HTTP proxy that admits named hosts."""

import asyncio
import contextlib
import logging
import socket
import time
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .addresses import Address, parse
from .allowlist import AllowList, Destination, Refused, check, permitted, unresolved
from .layout import Layout
from .proxy_request import BadRequest, ProxyRequest, read
from .request import Request
from .upstream import Upstream, upstream

log = logging.getLogger(__name__)

CHUNK = 65536
HEAD_LIMIT = 16384
HEAD_S = 15
TURN_AWAY_S = 2
CONNECT_S = 15
IDLE_S = 600
"""A connection on which nothing moves either way is closed after this."""
MAX_CONNECTIONS = 128
"""Of one sandbox at a time; twice as many are told so, and more are hung up on."""
BACKLOG = 4 * MAX_CONNECTIONS
"""Connections that may wait for a busy host; one more ends without a word."""
MAX_TOLD = 200
"""Refusals of one sandbox that are logged: one that asks without end must not fill the log."""
RESOLVERS = 8

Streams = tuple[StreamReader, StreamWriter]


class Egress:
    """One door (unix socket) a sandbox, all with the same allow-list; see `AllowList` for its entries."""

    def __init__(self, layout: Layout, allowed: Sequence[str]) -> None:
        self._layout = layout
        self._allowed = AllowList(allowed)
        self._doors: dict[str, asyncio.Server] = {}
        self._open: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, "egress")
        """Its own threads: a name that resolves slowly must hold up nobody else's work."""

    async def open_door(self, sandbox_id: str, asked: Callable[[str], Request]) -> Path:
        """`asked`: what a sandbox's client wishes at the time, its network rules among it."""
        name = f"{sandbox_id}.egress"

        async def serve(reader: StreamReader, writer: StreamWriter) -> None:
            self._open[sandbox_id] += 1
            try:
                await self._serve(reader, writer, sandbox_id, asked)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                pass
            finally:
                self._open[sandbox_id] -= 1
                writer.close()

        self._doors[sandbox_id] = await asyncio.start_unix_server(
            serve, self._layout.socket_path(name), limit=HEAD_LIMIT, backlog=BACKLOG
        )
        door = self._layout.sockets / name
        door.chmod(0o666)  # the sandbox's user connects; nobody else gets into the data directory
        return door

    def close_door(self, sandbox_id: str) -> None:
        if door := self._doors.pop(sandbox_id, None):
            door.close()
            self._open.pop(sandbox_id, None)
            self._refused.pop(sandbox_id, None)
            (self._layout.sockets / f"{sandbox_id}.egress").unlink(missing_ok=True)

    async def _serve(
        self, reader: StreamReader, writer: StreamWriter, sandbox_id: str, asked: Callable[[str], Request]
    ) -> None:
        if self._open[sandbox_id] > 2 * MAX_CONNECTIONS:
            return
        if self._open[sandbox_id] > MAX_CONNECTIONS:
            await self._turn_away(reader, writer)
            return
        try:
            async with asyncio.timeout(HEAD_S):
                request = read(await reader.readuntil(b"\r\n\r\n"))
        except BadRequest as error:
            await _answer(writer, "400 Bad Request", str(error))
            return
        try:
            async with asyncio.timeout(CONNECT_S):
                outer = await self._connect(request, asked(sandbox_id))
        except Refused as error:
            self._tell(sandbox_id, request.to, error)
            await _answer(writer, "403 Forbidden", str(error))
            return
        except (OSError, TimeoutError) as error:
            await _answer(writer, "502 Bad Gateway", f"{request.to} cannot be reached: {error or 'it does not answer'}")
            return
        try:
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _splice((reader, writer), outer)
            else:
                await _exchange((reader, writer), outer, request.body)
        finally:
            outer[1].close()

    def _tell(self, sandbox_id: str, to: Destination, error: Refused) -> None:
        self._refused[sandbox_id] += 1
        if self._refused[sandbox_id] <= MAX_TOLD:
            log.info("sandbox %s: no way out to %s: %s", sandbox_id, to, error)
        elif self._refused[sandbox_id] == MAX_TOLD + 1:
            log.warning("sandbox %s: what else it is refused on its way out is not logged", sandbox_id)

    async def _turn_away(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Say so once the request is here: what is closed unread is reset, and its answer lost."""
        with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(TURN_AWAY_S):
                await reader.readuntil(b"\r\n\r\n")
        message = f"a sandbox has at most {MAX_CONNECTIONS} connections out at a time"
        await _answer(writer, "503 Service Unavailable", message)

    async def _connect(self, request: ProxyRequest, asked: Request) -> Streams:
        """A connection on which what the program sends next is expected; raises `Refused` or OSError."""
        to = request.to
        private_too = self._allowed.admit(to)
        via = upstream(to, tunnel=request.tunnel)
        addresses = await self._resolve(to, via)
        check(to, addresses, private_too=private_too)
        if addresses:
            addresses = permitted(asked, to, addresses)
        else:
            unresolved(asked, to)
        if request.tunnel:
            return await via.tunnel(to) if via else await _open(addresses, to.port)
        streams = await via.open() if via else await _open(addresses, to.port)
        target = f"http://{request.authority}{request.path}" if via else request.path
        streams[1].write(request.head(target, *(via.headers if via else ())))
        return streams

    async def _resolve(self, to: Destination, via: Upstream | None) -> list[Address]:
        """All addresses of a name, looked up once: what is checked is what is connected to."""
        if to.address:
            return [to.address]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
            )
        except OSError as error:
            if via:
                return []
            raise Refused(f"{to.host} cannot be resolved: {error}") from error
        return list(dict.fromkeys(parse(str(entry[4][0])) for entry in found))


async def _open(addresses: Sequence[Address], port: int) -> Streams:
    """The first address that answers."""
    failure = OSError("it has no address")
    for address in addresses:
        try:
            return await asyncio.open_connection(str(address), port)
        except OSError as error:
            failure = error
    raise failure


async def _answer(writer: StreamWriter, status: str, message: str) -> None:
    body = f"{message}\n".encode()
    writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


async def _exchange(inner: Streams, outer: Streams, body: int) -> None:
    """One request's body out, and all that comes back in."""

    async def send() -> None:
        left = body
        async with asyncio.timeout(IDLE_S):
            while left and (data := await inner[0].read(min(left, CHUNK))):
                outer[1].write(data)
                await outer[1].drain()
                left -= len(data)

    await asyncio.gather(send(), _copy(outer[0], inner[1], _Idle()))


async def _splice(a: Streams, b: Streams) -> None:
    idle = _Idle()
    await asyncio.gather(_copy(a[0], b[1], idle), _copy(b[0], a[1], idle))


class _Idle:
    """When something last moved, either way."""

    def __init__(self) -> None:
        self.moved()

    def moved(self) -> None:
        self._since = time.monotonic()

    @property
    def over(self) -> bool:
        return time.monotonic() - self._since >= IDLE_S


async def _copy(reader: StreamReader, writer: StreamWriter, idle: _Idle) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        while not idle.over:
            try:
                async with asyncio.timeout(IDLE_S):
                    data = await reader.read(CHUNK)
            except TimeoutError:
                continue
            if not data:
                break
            idle.moved()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
