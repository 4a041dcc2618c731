"""envd's calls: Connect-JSON on the client's side, the guest's lines on the other."""

import asyncio
import base64
import json
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Send

from .channel import LAST, NOT_FOUND, STREAM_LIMIT, GuestError, content, next_line
from .replies import guest_refusal
from .sandbox import Sandbox

STREAMING = frozenset(
    (
        "/process.Process/Start",
        "/process.Process/Connect",
        "/process.Process/StreamInput",
        "/filesystem.Filesystem/WatchDir",
    )
)
END_OF_STREAM = 2
MAX_FRAME = 64 * 1024 * 1024
KEEPALIVE_S = 90


class Hangup(Exception):
    """The client is gone."""


async def unary(sandbox: Sandbox, request: Request) -> Response:
    try:
        message = _message(await request.body())
        return JSONResponse(await sandbox.channel.call(_head(request, message)))
    except GuestError as error:
        return guest_refusal(error)


async def stream(sandbox: Sandbox, request: Request, receive: Receive, send: Send) -> None:
    """Answer a streaming call.

    The response starts only after the request body has been read: the SDK's HTTP client stops sending once it sees
    response headers. A sandbox that dies in mid-stream drops the connection: the SDK then asks `/health` and learns
    that the sandbox is gone.
    """
    writer: StreamWriter | None = None
    ending: dict[str, Any] = {}
    answer = _Answer(send)
    try:
        if request.url.path.endswith("/StreamInput"):
            reader, writer = await sandbox.channel.open(_head(request, {}), STREAM_LIMIT)
            async for frame in _frames(receive):
                writer.write(frame.replace(b"\n", b" ") + b"\n")
                await writer.drain()
            writer.write_eof()
        else:
            message = {}
            async for frame in _frames(receive):
                message = _message(frame)
            reader, writer = await sandbox.channel.open(_head(request, message), STREAM_LIMIT)
        if not await _relay(reader, writer, request, receive, answer):
            if answer.started:
                return
            raise GuestError("unavailable", NOT_FOUND)
    except GuestError as error:
        ending = {"error": {"code": error.code, "message": error.message}}
    except (Hangup, ConnectionError):
        return
    finally:
        if writer:
            writer.close()
    await answer.end(ending)


class _Answer:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._unsent = b""
        self.started = False

    async def message(self, payload: bytes, *, last: bool) -> None:
        """The last one travels with the end that follows it."""
        if last:
            self._unsent = envelope(payload)
        else:
            await self._body(envelope(payload), more=True)

    async def end(self, ending: dict[str, Any]) -> None:
        await self._body(self._unsent + envelope(json.dumps(ending).encode(), END_OF_STREAM), more=False)

    async def _body(self, body: bytes, *, more: bool) -> None:
        if not self.started:
            self.started = True
            headers = [(b"content-type", b"application/connect+json")]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


async def _relay(
    reader: StreamReader, writer: StreamWriter, request: Request, receive: Receive, answer: _Answer
) -> bool:
    """Pass the guest's messages on until it closes; False when it closed without having said its last word."""
    timeout_ms = _number(request, "connect-timeout-ms")
    gone = asyncio.ensure_future(_hangup(receive))
    gone.add_done_callback(lambda _: writer.transport.abort())  # which ends the reading below
    last = False
    try:
        async with asyncio.timeout(timeout_ms / 1000 if timeout_ms else None):
            while reply := await next_line(reader):
                message = content(reply)
                last = reply[:1] == LAST
                await answer.message(message, last=last)
    except TimeoutError:
        raise GuestError("deadline_exceeded", "context deadline exceeded") from None
    finally:
        hung_up = gone.done()
        gone.cancel()
    if hung_up:
        raise Hangup
    return last


async def _hangup(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _frames(receive: Receive) -> AsyncGenerator[bytes, None]:
    """The messages of a Connect request body."""
    buffer = b""
    async for chunk in body_chunks(receive):
        buffer += chunk
        while len(buffer) >= 5:
            flags, length = struct.unpack_from("!BI", buffer)
            if length > MAX_FRAME:
                raise GuestError("resource_exhausted", "a message is too large")
            if len(buffer) < 5 + length:
                break
            if not flags & END_OF_STREAM:
                yield buffer[5 : 5 + length]
            buffer = buffer[5 + length :]


async def body_chunks(receive: Receive) -> AsyncGenerator[bytes, None]:
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Hangup
        if chunk := event.get("body"):
            yield chunk
        if not event.get("more_body"):
            return


def envelope(payload: bytes, flags: int = 0) -> bytes:
    return struct.pack("!BI", flags, len(payload)) + payload


def _message(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data or b"{}")
    except (ValueError, RecursionError) as error:
        raise GuestError("invalid_argument", f"the message is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise GuestError("invalid_argument", "the message must be a JSON object")
    return message


def _head(request: Request, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "op": "rpc",
        "path": request.url.path,
        "user": _user(request),
        "message": message,
        "timeout_ms": _number(request, "connect-timeout-ms"),
        "keepalive_s": _number(request, "keepalive-ping-interval") or KEEPALIVE_S,
    }


def _user(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value).decode().partition(":")[0] or None
    except ValueError:
        return None


def _number(request: Request, header: str) -> int:
    value = request.headers.get(header, "")
    return int(value) if value.isdigit() else 0
