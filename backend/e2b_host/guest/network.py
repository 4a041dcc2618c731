"""Bytes between a port of the sandbox and the host."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter

from .wire import CallError, Message, reply

CHUNK = 65536
EGRESS_PORT = 3128


async def splice(a: tuple[StreamReader, StreamWriter], b: tuple[StreamReader, StreamWriter]) -> None:
    """Copy both ways until both sides have ended."""

    async def copy(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (OSError, RuntimeError):
            a[1].close()
            b[1].close()

    await asyncio.gather(copy(a[0], b[1]), copy(b[0], a[1]))
    a[1].close()
    b[1].close()


async def tunnel(head: Message, reader: StreamReader, writer: StreamWriter) -> None:
    """Join the call's connection to a port of this sandbox's loopback."""
    port = int(head["port"])
    # A call may be one long line, but what a visitor sends must not pile up.
    reader._limit = CHUNK  # pyright: ignore[reportAttributeAccessIssue]
    for host in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError):
            inner = await asyncio.open_connection(host, port)
            reply(writer, {})
            await splice((reader, writer), inner)
            return
    raise CallError("unavailable", "The sandbox is running but port is not open")


async def serve_egress(socket_path: str) -> asyncio.Server:
    """The HTTP proxy programs in the sandbox use; the host's allow-list stands at the other end of `socket_path`."""

    async def forward(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            outer = await asyncio.open_unix_connection(socket_path)
        except OSError:
            writer.close()
            return
        await splice((reader, writer), outer)

    return await asyncio.start_server(forward, "127.0.0.1", EGRESS_PORT)
