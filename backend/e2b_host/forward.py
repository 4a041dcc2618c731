"""A request to a sandbox's port, named by headers instead of by host.

Its connection may carry requests to other sandboxes too, so each is forwarded by itself; WebSockets go by host name
(`edge.py`).
"""

from asyncio import StreamReader, StreamWriter

import h11
from starlette.requests import Request
from starlette.types import Receive, Send

from .channel import GuestError, answer
from .envd import Hangup, body_chunks
from .replies import refusal
from .routing import TRAFFIC_TOKEN, admits, inner_host
from .sandbox import Sandbox

CHUNK = 65536
HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect")
)
OURS = frozenset((b"host", TRAFFIC_TOKEN.encode(), b"e2b-sandbox-id", b"e2b-sandbox-port"))
"""For this host, and not for the sandbox."""


async def forward(sandbox: Sandbox, port: int, request: Request, receive: Receive, send: Send) -> None:
    if not admits(sandbox, request.headers.get(TRAFFIC_TOKEN, "")):
        answered = refusal(403, f"The sandbox's ports are not public: send its traffic token as {TRAFFIC_TOKEN}")
        await answered(request.scope, receive, send)
        return
    try:
        reader, writer = await sandbox.channel.open({"op": "tcp", "port": port}, CHUNK)
    except GuestError as error:
        await refusal(502, error.message, sandboxId=sandbox.id, port=port)(request.scope, receive, send)
        return
    started = False
    try:
        await answer(reader)
        peer = h11.Connection(h11.CLIENT)
        await _send_request(peer, writer, request, inner_host(sandbox, port, request.headers.get("host", "")), receive)
        while not isinstance(event := await _next(peer, reader), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                headers = [(name, value) for name, value in event.headers if name not in HOP]
                await send({"type": "http.response.start", "status": event.status_code, "headers": headers})
                started = True
            elif isinstance(event, h11.Data):
                await send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
            elif isinstance(event, h11.ConnectionClosed):
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except Hangup:
        return
    except (GuestError, h11.ProtocolError, OSError) as error:
        if not started:
            await refusal(502, str(error), sandboxId=sandbox.id, port=port)(request.scope, receive, send)
    finally:
        writer.close()


async def _send_request(
    peer: h11.Connection, writer: StreamWriter, request: Request, host: str, receive: Receive
) -> None:
    headers = [(name, value) for name, value in request.headers.raw if name not in HOP and name not in OURS]
    headers.append((b"host", host.encode("latin-1")))
    if b"content-length" not in dict(headers) and "transfer-encoding" in request.headers:
        headers.append((b"transfer-encoding", b"chunked"))
    target = request.scope["raw_path"] + (
        b"?" + request.scope["query_string"] if request.scope["query_string"] else b""
    )
    head = h11.Request(method=request.method, target=target, headers=[*headers, (b"connection", b"close")])
    writer.write(peer.send(head) or b"")
    async for chunk in body_chunks(receive):
        writer.write(peer.send(h11.Data(data=chunk)) or b"")
        await writer.drain()
    writer.write(peer.send(h11.EndOfMessage()) or b"")
    await writer.drain()


async def _next(peer: h11.Connection, reader: StreamReader) -> h11.Event | type[h11.PAUSED]:
    while (event := peer.next_event()) is h11.NEED_DATA:
        peer.receive_data(await reader.read(CHUNK))
    return event  # pyright: ignore[reportReturnType]
