"""Time-outs, pauses, network rules and forks of sandboxes there are."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..replies import refusal
from ..request import DEFAULT_TIMEOUT_S
from ..sandbox import Sandbox
from ..sandboxes import NoRoom
from .bodies import count, flag, json_object, seconds
from .context import Call, Context
from .requested import network

MAX_FORKS = 20


class LifecycleCalls:
    def __init__(self, context: Context) -> None:
        self._context = context

    def calls(self) -> list[Call]:
        calls: list[Call] = [
            ("POST", "/sandboxes/{id}/timeout", self.timeout),
            ("POST", "/sandboxes/{id}/refreshes", self.refresh),
            ("POST", "/sandboxes/{id}/pause", self.pause),
            ("POST", "/sandboxes/{id}/resume", self.resume),
            ("POST", "/sandboxes/{id}/fork", self.fork),
            ("PUT", "/sandboxes/{id}/network", self.network),
        ]
        return [*calls, *(("POST", f"{version}/sandboxes/{{id}}/connect", self.connect) for version in ("", "/v2"))]

    async def timeout(self, request: Request) -> Response:
        duration = seconds(await json_object(request), "timeout", DEFAULT_TIMEOUT_S)
        sandbox = self._context.sandbox(request)
        if sandbox.state == "paused":
            return _paused(sandbox)
        sandbox.set_timeout(duration)
        return Response(status_code=204)

    async def refresh(self, request: Request) -> Response:
        duration = seconds(await json_object(request), "duration", DEFAULT_TIMEOUT_S)
        sandbox = self._context.sandbox(request)
        if sandbox.state == "paused":
            return _paused(sandbox)
        sandbox.extend(duration)
        return Response(status_code=204)

    async def pause(self, request: Request) -> Response:
        keep_memory = flag(await json_object(request), "memory", True)
        sandbox = self._context.sandbox(request)
        if not await sandbox.pause(keep_memory=keep_memory):
            return refusal(409, f"Sandbox {sandbox.id} is already paused")
        return Response(status_code=204)

    async def connect(self, request: Request) -> Response:
        """Wake the sandbox if it sleeps, without its memory if asked; one that runs lives at least as long as asked."""
        body = await json_object(request)
        duration, keep_memory = seconds(body, "timeout", DEFAULT_TIMEOUT_S), flag(body, "memory", True)
        sandbox = self._context.sandbox(request)
        if not keep_memory:
            await sandbox.drop_memory()
        if await sandbox.resume(duration):
            return JSONResponse(self._context.views.brief(sandbox), 201)
        sandbox.extend(duration)
        return JSONResponse(self._context.views.brief(sandbox))

    async def resume(self, request: Request) -> Response:
        """As clients before `connect` woke one."""
        duration = seconds(await json_object(request), "timeout", DEFAULT_TIMEOUT_S)
        sandbox = self._context.sandbox(request)
        if not await sandbox.resume(duration):
            return refusal(409, f"Sandbox {sandbox.id} is already running")
        return JSONResponse(self._context.views.brief(sandbox), 201)

    async def fork(self, request: Request) -> Response:
        body = await json_object(request)
        forks, duration = count(body, "count", MAX_FORKS), seconds(body, "timeout", DEFAULT_TIMEOUT_S)
        sandbox = self._context.sandbox(request)
        if sandbox.state == "paused":
            return _paused(sandbox)
        made = await self._context.sandboxes.fork(sandbox, forks, duration)
        return JSONResponse([self._outcome(one) for one in made], 201)

    def _outcome(self, made: Sandbox | Exception) -> dict[str, Any]:
        if isinstance(made, Exception):
            return {"error": {"code": 429 if isinstance(made, NoRoom) else 500, "message": str(made)}}
        return {"sandbox": self._context.views.brief(made)}

    async def network(self, request: Request) -> Response:
        """Other rules for what leaves the sandbox; what may enter it stays as it was created."""
        body = await json_object(request)
        rules, internet = network(body), flag(body, "allow_internet_access", True)
        sandbox = self._context.sandbox(request)
        rules = replace(
            sandbox.request.network,
            allow_out=rules.allow_out,
            deny_out=rules.deny_out,
        )
        sandbox.amend(replace(sandbox.request, network=rules, internet=internet))
        return Response(status_code=204)


def _paused(sandbox: Sandbox) -> Response:
    return refusal(409, f"Sandbox {sandbox.id} is paused: connect to it first")
