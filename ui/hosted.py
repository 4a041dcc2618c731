"""The page for servers that are not ours, such as Modal's: an ASGI application whose services live as long as it."""

import contextlib
import logging
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.config import Settings
from backend.runs.dispatch import Dispatch
from backend.telemetry import begin
from backend.web.services import Services
from ui.server import create_app

log = logging.getLogger(__name__)


class HostedPage:
    def __init__(self, settings: Settings, dispatch: Callable[[], Dispatch]) -> None:
        self._settings = settings
        self._dispatch = dispatch
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif self._app:
            await self._app(scope, receive, send)
        else:
            raise RuntimeError("The page is opened by the server's lifespan messages, and none came.")

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with contextlib.AsyncExitStack() as opened:

            async def answer(message: Message) -> None:
                if message["type"] == "lifespan.shutdown.complete":
                    # The server may end the process as soon as it hears this.
                    await opened.aclose()
                await send(message)

            begin(self._settings.log_format)
            try:
                services = await Services.open(self._settings, self._dispatch())
            except Exception as error:
                log.exception("The page cannot be served")
                await receive()
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            opened.push_async_callback(services.close)
            self._app = create_app(services)
            await self._app(scope, receive, answer)
