"""Templates and snapshots: what sandboxes can be created from."""

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..replies import refusal
from ..snapshots import Snapshot
from . import filters
from .bodies import json_object, text
from .context import Call, Context
from .pages import page

NO_BUILDER = "this host builds no templates: describe one in a directory and start the host with --template NAME=DIR"


class TemplateCalls:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._since = time.time()

    def calls(self) -> list[Call]:
        calls: list[Call] = [
            ("POST", "/sandboxes/{id}/snapshots", self.take),
            ("GET", "/snapshots", self.snapshots),
            ("GET", "/templates/aliases/{alias:path}", self.alias),
            ("DELETE", "/templates/{name:path}", self.forget),
        ]
        calls += [("GET", path, self.every) for path in ("/templates", "/v2/templates")]
        return [*calls, *(("POST", path, self.build) for path in ("/templates", "/v2/templates", "/v3/templates"))]

    async def take(self, request: Request) -> Response:
        name = text(await json_object(request), "name")
        snapshot = await self._context.sandboxes.snapshot(self._context.sandbox(request), name)
        return JSONResponse(self._context.views.snapshot(snapshot), 201)

    async def snapshots(self, request: Request) -> Response:
        found = filters.snapshots(request, self._context.sandboxes.snapshots())
        return page(request, found, lambda one: (one.created_at, one.id), self._context.views.snapshot)

    async def forget(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        if self._context.sandboxes.forget_snapshot(name.removesuffix(":default")):
            return Response(status_code=204)
        if name in self._context.sandboxes.templates:
            return refusal(403, f"template '{name}' is part of this host: start it without --template {name}=…")
        return _missing(name)

    async def alias(self, request: Request) -> Response:
        """Whether a sandbox can be created from a name."""
        name: str = request.path_params["alias"]
        if name in self._context.sandboxes.templates:
            return JSONResponse({"templateID": name, "public": False})
        if snapshot := self._snapshot(name.removesuffix(":default")):
            return JSONResponse({"templateID": snapshot.id, "public": False})
        return _missing(name)

    async def every(self, request: Request) -> Response:
        templates = self._context.sandboxes.templates.values()
        return JSONResponse([self._context.views.template(template, self._since) for template in templates])

    async def build(self, request: Request) -> Response:
        return refusal(501, NO_BUILDER)

    def _snapshot(self, name: str) -> Snapshot | None:
        every = self._context.sandboxes.snapshots()
        return next((one for one in every if name in (one.id, *one.names)), None)


def _missing(name: str) -> Response:
    return refusal(404, f"template '{name}' not found")
