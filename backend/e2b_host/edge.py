"""Previews on the host's own port: a connection that begins with a request to `<port>-<sandbox id>.…` leads into it.

Its bytes are spliced raw, so that WebSockets, streams and upgrades work without knowing them. A browser keeps
connections apart by host name, so the first request speaks for all that follow on its connection.
"""

import asyncio
import json
import re
from asyncio import StreamWriter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .channel import GuestError, answer
from .routing import ENVD_PORT, Router

HEAD_LIMIT = 65536
CHUNK = 65536
HIGH_WATER = 1024 * 1024
HOST = re.compile(rb"\r\nhost:[ \t]*(\d{1,5})-([a-z0-9]+)\.", re.IGNORECASE)


def edge(router: Router) -> type[HttpToolsProtocol]:
    """uvicorn's protocol with previews of `router`'s sandboxes split off."""

    class Edge(HttpToolsProtocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._decided = False
            self._head = b""
            self._inner: StreamWriter | None = None
            self._tunnel: asyncio.Task[None] | None = None
            self._drain: asyncio.Task[None] | None = None

        def data_received(self, data: bytes) -> None:
            if self._tunnel:
                self._pass_on(data)
            elif self._decided:
                super().data_received(data)
            else:
                self._head += data
                if b"\r\n\r\n" in self._head or len(self._head) > HEAD_LIMIT:
                    self._decide()

        def _decide(self) -> None:
            self._decided = True
            head, self._head = self._head, b""
            named = HOST.search(head.partition(b"\r\n\r\n")[0])
            if named and int(named[1]) != ENVD_PORT:
                self._unset_keepalive_if_required()
                self._head = head
                self._tunnel = self.loop.create_task(self._run_tunnel(int(named[1]), named[2].decode().lower()))
            else:
                super().data_received(head)

        def _pass_on(self, data: bytes) -> None:
            if self._inner is None:
                self._head += data
                if len(self._head) > HIGH_WATER:
                    self.transport.pause_reading()
                return
            self._inner.write(data)
            if self._inner.transport.get_write_buffer_size() > HIGH_WATER:
                self.transport.pause_reading()
                self._drain = self.loop.create_task(self._resume_when_drained(self._inner))

        async def _resume_when_drained(self, inner: StreamWriter) -> None:
            try:
                await inner.drain()
            except OSError:
                self.transport.close()
                return
            self.transport.resume_reading()

        async def _run_tunnel(self, port: int, sandbox_id: str) -> None:
            try:
                sandbox = await router.running(sandbox_id)
                reader, writer = await sandbox.channel.open({"op": "tcp", "port": port})
                try:
                    await answer(reader)
                except GuestError:
                    writer.close()
                    raise
                self._inner, head, self._head = writer, self._head, b""
                writer.write(head)
                self.transport.resume_reading()
                while data := await reader.read(CHUNK):
                    self.transport.write(data)
                    await self.flow.drain()
            except GuestError as error:
                self.transport.write(_bad_gateway(sandbox_id, port, error.message))
            except OSError:
                pass
            finally:
                self.transport.close()
                if self._inner:
                    self._inner.close()

        def eof_received(self) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            if self._inner and self._inner.can_write_eof():
                self._inner.write_eof()
                return True
            return None

        def connection_lost(self, exc: Exception | None) -> None:
            if self._tunnel:
                self._tunnel.cancel()
            super().connection_lost(exc)

    return Edge


def _bad_gateway(sandbox_id: str, port: int, message: str) -> bytes:
    body = json.dumps({"sandboxId": sandbox_id, "message": message, "port": port, "code": 502}).encode()
    head = (
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
        f"access-control-allow-origin: *\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
