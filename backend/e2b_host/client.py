"""A visitor's connection, as streams with backpressure both ways."""

import asyncio
from asyncio import StreamReader

from uvicorn.protocols.http.flow_control import FlowControl

from .messages import HEAD_LIMIT


class Client:
    """Fed by the protocol that owns the transport."""

    def __init__(self, transport: asyncio.Transport, flow: FlowControl) -> None:
        self.reader = StreamReader(limit=HEAD_LIMIT)
        self.reader.set_transport(transport)
        self.ended = asyncio.Event()
        """The visitor sends no more."""
        self._transport = transport
        self._flow = flow

    def feed(self, data: bytes) -> None:
        self.reader.feed_data(data)

    def feed_eof(self) -> None:
        self.reader.feed_eof()
        self.ended.set()

    async def write(self, data: bytes) -> None:
        """Raises `ConnectionResetError` when the visitor is gone."""
        if self._transport.is_closing():
            raise ConnectionResetError("the visitor is gone")
        self._transport.write(data)
        await self._flow.drain()

    def write_eof(self) -> None:
        if not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()

    async def rest(self) -> bytes:
        """What has come and was not read; ends the reader."""
        self.reader.feed_eof()
        return await self.reader.read()

    async def linger(self, seconds: float) -> None:
        """Close, but first read what still comes: a visitor in mid-sentence would lose the answer."""
        self.write_eof()
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(HEAD_LIMIT):
                    continue
        except (TimeoutError, OSError):
            pass
        self._transport.close()

    def abort(self) -> None:
        """Break the connection, so that half an answer is not taken for a whole one."""
        self._transport.abort()
