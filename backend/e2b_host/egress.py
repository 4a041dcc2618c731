"""The only way out of a sandbox: an HTTP proxy that admits named hosts."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from pathlib import Path

from .layout import Layout

log = logging.getLogger(__name__)

CHUNK = 65536
HEAD_S = 30
CONNECT_S = 15
PORTS = (80, 443)


class Refused(Exception):
    """The request may not leave; the message says why."""


class Egress:
    """One door (unix socket) a sandbox, all with the same allow-list.

    `allowed` holds host names, with a port when it is neither 80 nor 443. One that starts with a dot admits every name
    under it, unless that resolves to a private or loopback address.
    """

    def __init__(self, layout: Layout, allowed: Sequence[str]) -> None:
        self._layout = layout
        self._allowed = tuple(name.lower() for name in allowed)
        self._doors: dict[str, asyncio.Server] = {}

    async def open_door(self, sandbox_id: str, is_open: Callable[[str], bool]) -> Path:
        name = f"{sandbox_id}.egress"

        async def serve(reader: StreamReader, writer: StreamWriter) -> None:
            try:
                await self._serve(reader, writer, sandbox_id, is_open(sandbox_id))
            except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                pass
            finally:
                writer.close()

        self._doors[sandbox_id] = await asyncio.start_unix_server(serve, self._layout.socket_path(name))
        door = self._layout.sockets / name
        door.chmod(0o666)  # the sandbox's user connects; nobody else gets into the data directory
        return door

    def close_door(self, sandbox_id: str) -> None:
        if door := self._doors.pop(sandbox_id, None):
            door.close()
            (self._layout.sockets / f"{sandbox_id}.egress").unlink(missing_ok=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter, sandbox_id: str, is_open: bool) -> None:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        verb, url, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        host, port, path = _destination(verb, url)
        try:
            if not is_open:
                raise Refused("this sandbox was created without internet access")
            address = await self._admit(host, port)
        except Refused as error:
            log.info("sandbox %s: no way out to %s:%s: %s", sandbox_id, host, port, error)
            body = f"{error}\n".encode()
            writer.write(
                b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )
            await writer.drain()
            return
        async with asyncio.timeout(CONNECT_S):
            outer_reader, outer_writer = await asyncio.open_connection(address, port)
        try:
            if verb == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                outer_writer.write(_plain_head(head, verb, path))
            await _splice((reader, writer), (outer_reader, outer_writer))
        finally:
            outer_writer.close()

    async def _admit(self, host: str, port: int) -> str:
        """The address to connect to; raises `Refused`."""
        named = f"{host}:{port}" in self._allowed or (host in self._allowed and port in PORTS)
        under = port in PORTS and any(name.startswith(".") and host.endswith(name) for name in self._allowed)
        if not named and not under:
            raise Refused(f"{host}:{port} is not on the sandbox host's allow-list")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Refused(f"{host} cannot be resolved: {error}") from error
        address = str(found[0][4][0])
        if not named and not ipaddress.ip_address(address.split("%")[0]).is_global:
            raise Refused(f"{host} resolves to the private address {address}")
        return address


def _destination(verb: str, url: str) -> tuple[str, int, str]:
    if verb == "CONNECT":
        host, _, port = url.rpartition(":")
        return host.strip("[]").lower(), int(port), ""
    if not url.startswith("http://"):
        raise ValueError("not a proxy request")
    authority, slash, path = url.removeprefix("http://").partition("/")
    host, _, port = authority.rpartition("@")[2].partition(":")
    return host.lower(), int(port or 80), slash + path or "/"


def _plain_head(head: bytes, verb: str, path: str) -> bytes:
    """The head as the origin wants it, for one request only: a kept-alive connection could name another host next."""
    lines = head.split(b"\r\n")[1:-2]
    hop = (b"proxy-connection:", b"connection:", b"proxy-authorization:", b"keep-alive:")
    kept = [line for line in lines if not line.lower().startswith(hop)]
    return b"\r\n".join([f"{verb} {path} HTTP/1.1".encode("latin-1"), *kept, b"connection: close", b"", b""])


async def _splice(a: tuple[StreamReader, StreamWriter], b: tuple[StreamReader, StreamWriter]) -> None:
    async def copy(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()

    await asyncio.gather(copy(a[0], b[1]), copy(b[0], a[1]))
