"""E2B's control plane: HTTP calls that create, find, time, copy and end sandboxes."""

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..channel import GuestError
from ..limits import Limits
from ..machine import BootError
from ..metrics import Meter
from ..names import same_secret
from ..replies import refusal
from ..sandboxes import NoRoom, Sandboxes, UnknownTemplate
from .bodies import BadRequest
from .context import Call, Context, Handler, NoSuchSandbox
from .lifecycle import LifecycleCalls
from .reports import ReportCalls
from .sandboxes import SandboxCalls
from .templates import TemplateCalls
from .views import Views

log = logging.getLogger(__name__)


class Control:
    def __init__(self, sandboxes: Sandboxes, meter: Meter, *, api_key: str, domain: str, limits: Limits) -> None:
        self._sandboxes = sandboxes
        self._api_key = api_key
        self._context = Context(sandboxes, meter, Views(domain, limits, meter.cpu_count))

    def application(self) -> Starlette:
        context = self._context
        # In order: `/sandboxes/metrics` comes before `/sandboxes/{id}`.
        parts = (ReportCalls(context), SandboxCalls(context), LifecycleCalls(context), TemplateCalls(context))
        calls: list[Call] = [("GET", "/capacity", self._capacity), *(call for part in parts for call in part.calls())]
        routes = [Route(path, self._guarded(handler), methods=[method]) for method, path, handler in calls]
        return Starlette(
            routes=[Route("/health", _health), *routes],
            exception_handlers={HTTPException: _unknown, Exception: _failed},
        )

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            if not same_secret(request.headers.get("x-api-key", ""), self._api_key):
                return refusal(401, "Invalid API key: this sandbox host accepts only the key it printed at its start")
            try:
                return await handler(request)
            except BadRequest as error:
                return refusal(400, str(error))
            except NoSuchSandbox as error:
                return _gone(str(error))
            except NoRoom as error:
                response = refusal(429, str(error))
                response.headers["should-retry"] = "false"  # waiting makes no room
                return response
            except UnknownTemplate as error:
                has = ", ".join(self._sandboxes.templates)
                return refusal(404, f"template '{error}' not found; this host has: {has}")
            except (BootError, GuestError) as error:
                if (named := request.path_params.get("id")) and not self._sandboxes.get(named):
                    return _gone(named)  # it was killed meanwhile
                log.error("%s %s: %s", request.method, request.url.path, error)
                return refusal(500, str(error))

        return guarded

    async def _capacity(self, request: Request) -> Response:
        """Not E2B's: for whoever runs the host."""
        return JSONResponse(self._sandboxes.capacity())


def _gone(sandbox_id: str) -> Response:
    return refusal(404, f"Sandbox \"{sandbox_id}\" doesn't exist or you don't have access to it")


async def _health(request: Request) -> Response:
    return Response("ok")


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, f"{request.method} {request.url.path} is no call this host knows")


async def _failed(request: Request, error: Exception) -> Response:
    return refusal(500, "the sandbox host failed to answer this call; its log says why")
