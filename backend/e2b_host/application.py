"""The ASGI application: control plane, envd, and ports named by headers."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import envd, files
from .channel import GuestError
from .control import Control
from .forward import forward
from .replies import refusal
from .routing import ENVD_PORT, Router, Target
from .sandbox import Sandbox
from .signing import UNAUTHORIZED, authorized


def application(control: Control, router: Router) -> ASGIApp:
    plane = control.application()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if (target := router.target(request)) is None:
            await plane(scope, receive, send)
        elif target.port == ENVD_PORT:
            await _envd(router, target, request, receive, send)
        elif target.by_host:
            message = "this connection began with a request for another host: open a new one"
            await refusal(421, message)(scope, receive, send)
        else:
            await _port(router, target, request, receive, send)

    return app


async def _envd(router: Router, target: Target, request: Request, receive: Receive, send: Send) -> None:
    path = request.url.path
    try:
        asleep = (sandbox := router.get(target.sandbox_id)) is not None and sandbox.state == "paused"
        if path == "/health" and asleep:  # a question after its health does not wake a sandbox
            raise GuestError("unavailable", "The sandbox was not found: it is paused")
        sandbox = await router.running(target.sandbox_id)
    except GuestError as error:
        await refusal(502, error.message, sandboxId=target.sandbox_id)(request.scope, receive, send)
        return
    if path in envd.STREAMING and authorized(sandbox, request):
        await envd.stream(sandbox, request, receive, send)
        return
    response = await _respond(sandbox, path, request, receive)
    await response(request.scope, receive, send)


async def _respond(sandbox: Sandbox, path: str, request: Request, receive: Receive) -> Response:
    if path == "/health":
        return Response(status_code=204)
    if path == "/files":
        return await files.handle(sandbox, request, receive)
    if not authorized(sandbox, request):
        return refusal(401, UNAUTHORIZED)
    if path == "/envs":
        return JSONResponse(dict(sandbox.request.envs))
    return await envd.unary(sandbox, request)


async def _port(router: Router, target: Target, request: Request, receive: Receive, send: Send) -> None:
    try:
        sandbox = await router.running(target.sandbox_id)
    except GuestError as error:
        await refusal(502, error.message, sandboxId=target.sandbox_id)(request.scope, receive, send)
        return
    await forward(sandbox, target.port, request, receive, send)
