"""One request and its answer between a visitor and a port of a sandbox, or the tunnel they agree on."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass

from .client import Client
from .messages import CHUNK, BadMessage, RequestHead, read_body, read_response

MAX_INTERIM = 32
"""Answers before the answer (100 Continue, 103 Early Hints)."""
LINGER_S = 5.0
"""How long the rest of a request is taken after it was answered."""


@dataclass
class Inner:
    """A connection to a port of a sandbox."""

    reader: StreamReader
    writer: StreamWriter
    used: bool = False
    spent: bool = False
    """Nothing more may be asked on it."""

    @property
    def reusable(self) -> bool:
        return not (self.spent or self.reader.at_eof() or self.writer.is_closing())

    def close(self) -> None:
        self.spent = True
        self.writer.close()


class NoAnswer(Exception):
    """The app answered with something else than HTTP, or not at all; nothing was sent to the visitor."""


async def exchange(request: RequestHead, client: Client, inner: Inner) -> bool:
    """Pass the request in and its answer out; whether the visitor's connection may carry another.

    Raises `NoAnswer`, or `OSError` when the visitor is gone.
    """
    sending = asyncio.create_task(_send(request, client, inner))
    ending = asyncio.create_task(_pass_end(client, sending, inner))
    try:
        goes_on = await _answer(request, client, inner, sending)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sending), LINGER_S)
        return goes_on and sending.done() and sending.result()
    finally:
        ending.cancel()
        sending.cancel()
        await asyncio.gather(sending, ending, return_exceptions=True)
        if not sending.cancelled() and not sending.exception() and not sending.result():
            inner.spent = True


async def _send(request: RequestHead, client: Client, inner: Inner) -> bool:
    """Whether all of it was sent."""
    try:
        inner.writer.write(bytes(request))
        async for piece in read_body(client.reader, request.body()):
            inner.writer.write(piece)
            await inner.writer.drain()
    except OSError:
        return False
    except BadMessage:
        inner.close()
        return False
    return True


async def _pass_end(client: Client, sending: "asyncio.Task[bool]", inner: Inner) -> None:
    """A visitor who has asked and sends no more may still listen, or be gone: the app decides, as on its own socket."""
    await client.ended.wait()
    await asyncio.wait([sending])
    inner.spent = True
    with contextlib.suppress(OSError, RuntimeError):
        inner.writer.write_eof()


async def _answer(request: RequestHead, client: Client, inner: Inner, sending: "asyncio.Task[bool]") -> bool:
    for _ in range(MAX_INTERIM):
        try:
            head = await read_response(inner.reader)
            body = head.body(request.method) if head else 0
        except (BadMessage, OSError) as error:
            raise NoAnswer(str(error)) from error
        if head is None:
            raise NoAnswer("it closed the connection without an answer")
        if head.status == 101 and not request.upgrades:
            raise NoAnswer("it changed the protocol unasked")
        await client.write(bytes(head))
        if head.status == 101:
            await sending
            await _tunnel(client, inner)
            return False
        if head.status >= 200:
            break
    else:
        raise NoAnswer("it never came to the answer")
    try:
        async for piece in read_body(inner.reader, body):
            await client.write(piece)
    except (BadMessage, OSError):
        client.abort()
        return False
    inner.used = True
    inner.spent = inner.spent or not head.keeps_alive or body == "rest"
    return request.keeps_alive and head.keeps_alive and body != "rest"


async def _tunnel(client: Client, inner: Inner) -> None:
    async def outwards() -> None:
        while data := await inner.reader.read(CHUNK):
            await client.write(data)
        client.write_eof()

    async def inwards() -> None:
        while data := await client.reader.read(CHUNK):
            inner.writer.write(data)
            await inner.writer.drain()
        inner.writer.write_eof()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(outwards())
            both.create_task(inwards())
    except* OSError:
        pass
    inner.spent = True
