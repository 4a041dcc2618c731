"""Creating, finding and ending sandboxes."""

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..sandbox import Sandbox
from ..templates import BARE
from . import filters
from .bodies import BadRequest, json_object, text
from .context import Call, Context
from .pages import page
from .requested import wanted
from .views import state

MAX_KEYS = 1000
MAX_KEY = 255


class SandboxCalls:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._by_key: dict[str, asyncio.Task[Sandbox]] = {}

    def calls(self) -> list[Call]:
        return [
            ("POST", "/sandboxes", self.create),
            ("POST", "/v2/sandboxes", self.create),
            ("GET", "/sandboxes", self.running),
            ("GET", "/v2/sandboxes", self.every),
            ("GET", "/sandboxes/{id}", self.info),
            ("DELETE", "/sandboxes/{id}", self.kill),
        ]

    async def create(self, request: Request) -> Response:
        """A client that heard no answer asks again with the same `Idempotency-Key`, and gets the same sandbox."""
        body = await json_object(request)
        template = (text(body, "templateID") or BARE).removesuffix(":default")
        create = partial(self._context.sandboxes.create, template, wanted(body))
        key = request.headers.get("idempotency-key")
        sandbox = await (self._once(key, create) if key else create())
        return JSONResponse(self._context.views.brief(sandbox), 201)

    async def _once(self, key: str, create: partial) -> Sandbox:
        if len(key) > MAX_KEY:
            raise BadRequest(f"Idempotency-Key is longer than {MAX_KEY} characters")
        self._forget_ended()
        if not (task := self._by_key.get(key)):
            task = self._by_key[key] = asyncio.create_task(create())
        try:
            return await asyncio.shield(task)
        except Exception:
            self._by_key.pop(key, None)
            raise

    def _forget_ended(self) -> None:
        ended = [key for key, task in self._by_key.items() if task.done() and task.result().state == "dead"]
        for key in [*ended, *list(self._by_key)[:-MAX_KEYS]]:
            self._by_key.pop(key, None)

    async def running(self, request: Request) -> Response:
        return self._list(request, frozenset(("running",)))

    async def every(self, request: Request) -> Response:
        return self._list(request, filters.STATES)

    def _list(self, request: Request, states: frozenset[str]) -> Response:
        sandboxes = list(self._context.sandboxes)
        running = sum(state(sandbox) == "running" for sandbox in sandboxes)
        found = filters.sandboxes(request, sandboxes, states)
        headers = {"x-total-running": str(running)}
        return page(request, found, lambda one: (one.started_at, one.id), self._context.views.listed, headers)

    async def info(self, request: Request) -> Response:
        return JSONResponse(self._context.views.detail(self._context.sandbox(request)))

    async def kill(self, request: Request) -> Response:
        await self._context.sandbox(request).kill("its client killed it")
        return Response(status_code=204)
