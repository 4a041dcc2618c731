"""The host's port: previews on one side, the application (control plane, envd) on the other.

A browser keeps connections apart by host name, but a proxy in front does not: between two requests a connection may
change sides.
"""

import asyncio
import contextlib
import re
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .client import Client
from .exposure import Exposure
from .messages import HEAD_LIMIT
from .preview_answers import misdirected
from .previews import Previews

HEAD_S = 30.0
"""How long a visitor may take for a request's head."""
HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)
KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""A visitor whose machine vanished is noticed within two minutes."""


def edge(previews: Previews, exposure: Exposure) -> type[HttpToolsProtocol]:
    """uvicorn's protocol with previews split off."""

    class Edge(HttpToolsProtocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._head = bytearray()
            self._client: Client | None = None
            self._visit: asyncio.Task[None] | None = None
            self._hurry: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            _probe_when_silent(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            if self._client:
                self._client.feed(data)
            elif self._between_requests:
                self._take_head(data)
            else:
                super().data_received(data)

        @property
        def _between_requests(self) -> bool:
            return self.cycle is None or (self.cycle.response_complete and not self.cycle.more_body)

        def _take_head(self, data: bytes) -> None:
            if not self._head:
                self._await_head()
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0 and len(self._head) <= HEAD_LIMIT:
                return
            self._stop_hurrying()
            received, self._head = bytes(self._head), bytearray()
            hosts = [name.decode("latin-1") for name in HOST.findall(received[: end + 4])]
            if any(exposure.preview(name) for name in hosts):
                self._visit_previews(received)
            elif hosts and all(exposure.allows_api(name, self.client[0] if self.client else "") for name in hosts):
                super().data_received(received)
            else:
                self.transport.write(misdirected(exposure.domain))
                self.transport.close()

        def _visit_previews(self, received: bytes) -> None:
            self._unset_keepalive_if_required()
            self._client = Client(self.transport, self.flow)
            self._client.feed(received)
            self._visit = self.loop.create_task(self._run_visit(self._client))

        async def _run_visit(self, client: Client) -> None:
            with contextlib.suppress(OSError):
                if rest := await previews.serve(client):
                    self._client = self._visit = None
                    self.data_received(rest)
                    return
            self.transport.close()

        def eof_received(self) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            if self._client:
                self._client.feed_eof()
                return True
            return None

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_hurrying()
            if self._visit:
                self._visit.cancel()
            super().connection_lost(exc)

        def _await_head(self) -> None:
            self._stop_hurrying()
            self._hurry = self.loop.call_later(HEAD_S, self.transport.close)

        def _stop_hurrying(self) -> None:
            if self._hurry:
                self._hurry.cancel()
                self._hurry = None

    return Edge


def _probe_when_silent(transport: asyncio.Transport) -> None:
    connection: socket.socket = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
