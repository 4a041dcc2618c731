"""Routes for who looks after the service: does the process live, can it serve, and how is it doing."""

import asyncio
import ipaddress
import logging
import secrets
import time

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from backend.config import Settings
from backend.domain import NotFound, NotSignedIn
from backend.web.answers import TEXT, OwnType
from backend.web.errors import ANSWERS, answer
from backend.web.readings import exposition
from backend.web.security import LOOPBACK, host_name
from backend.web.services import Services

log = logging.getLogger(__name__)

ASK_S = 5.0
"""How long the store may take to answer."""
FRESH_S = 2.0
"""The store is asked no more often than this, however many strangers ask us."""
NO_SHARE = "readyz"
"""Nobody's token: a store that answers says so, to anybody."""
PROXIED = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")


def health_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS)
    readiness = Readiness(services)

    @routes.get("/healthz")
    async def healthz() -> dict[str, bool]:
        """The process lives and answers. Nothing else is asked: restarting it would repair nothing else."""
        return {"ok": True}

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        """Whether it can serve: 200, or 503 and why."""
        store = await readiness.store_answers()
        sandboxes = services.setup.ready
        if store and sandboxes:
            return JSONResponse({"ok": True, "store": True, "sandboxes": True})
        return answer(503, "not_ready", readiness.why(store), store=store, sandboxes=sandboxes)

    @routes.get("/metrics", response_class=OwnType, responses=TEXT)
    async def metrics(request: Request) -> Response:
        """For Prometheus."""
        require_watcher(request, services.settings)
        return Response(await exposition(services), media_type=CONTENT_TYPE_LATEST)

    return routes


class Readiness:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._answers = False

    async def store_answers(self) -> bool:
        async with self._asking:
            if time.monotonic() >= self._asked_at + FRESH_S:
                self._answers = await self._ask()
                self._asked_at = time.monotonic()
            return self._answers

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(ASK_S):
                await self._services.store.open_share(NO_SHARE)
        except NotFound:
            return True
        except Exception as error:
            log.warning("The store does not answer: %s: %s", type(error).__name__, error)
        return False

    def why(self, store: bool) -> str:
        """Of many users' service a stranger hears which part it is, and no more."""
        if not store:
            return "The store does not answer. The server's log says more."
        setup = self._services.setup
        if self._services.settings.multi_user:
            return "The sandboxes are not ready."
        return setup.error or setup.message


def require_watcher(request: HTTPConnection, settings: Settings) -> None:
    """Raises `NotSignedIn` for who may not know how the service is doing."""
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    if token:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.encode()):
            raise NotSignedIn("Metrics need CODEFLOW_METRICS_TOKEN as a bearer token.")
    elif settings.multi_user:
        # However near it comes from: whoever forwards what strangers ask comes from here, too.
        raise NotSignedIn(
            "Metrics of a service for many users need a token: set CODEFLOW_METRICS_TOKEN there and here."
        )
    elif not from_this_machine(request):
        raise NotSignedIn(
            "Metrics are for this machine alone. To read them from elsewhere, set CODEFLOW_METRICS_TOKEN there and here."
        )


def from_this_machine(request: HTTPConnection) -> bool:
    """Not through a proxy on it, behind which anybody may be."""
    try:
        near = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        near = False
    named = host_name(request.headers.get("host", "")) in LOOPBACK
    return near and named and not any(name in request.headers for name in PROXIED)
