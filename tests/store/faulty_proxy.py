"""A proxy before a server that loses, refuses and counts, as told: what networks and gateways do."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True)
class Lose:
    """The server does what it is asked; the connection breaks before its answer arrives."""


@dataclass(frozen=True)
class Refuse:
    """The server never hears of it."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class FaultyProxy:
    """HTTP/1.1, one request after the other on each connection. `faults` meet the next requests, one each; None: it is served."""

    def __init__(self, upstream: str) -> None:
        self.faults: deque[Lose | Refuse | None] = deque()
        self.asked: list[str] = []
        """Method and path of every request."""
        self.url = ""
        self._upstream = upstream

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FaultyProxy"]:
        async with httpx.AsyncClient(base_url=self._upstream, timeout=30) as http:

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with suppress(asyncio.IncompleteReadError, ConnectionError):
                    while await self._pass(http, reader, writer):
                        pass
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            try:
                yield self
            finally:
                server.close()

    async def _pass(self, http: httpx.AsyncClient, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection ends with it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int({k.lower(): v for k, v in headers.items()}.get("content-length", 0)))
        self.asked.append(f"{method} {path.partition('?')[0]}")
        fault = self.faults.popleft() if self.faults else None
        match fault:
            case Refuse():
                _answer(writer, fault.status, fault.headers, fault.body.encode())
            case _:
                headers = {k: v for k, v in headers.items() if k.lower() not in ("host", "connection")}
                answer = await http.request(method, path, headers=headers, content=body)
                if isinstance(fault, Lose):
                    return False
                _answer(writer, answer.status_code, {"Content-Type": answer.headers["content-type"]}, answer.content)
        await writer.drain()
        return True


def _answer(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> None:
    lines = [f"HTTP/1.1 {status} Said", *(f"{k}: {v}" for k, v in headers.items()), f"Content-Length: {len(body)}"]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
