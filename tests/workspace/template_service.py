"""What E2B's template builder speaks, as far as its SDK asks: builds run at once, and end as they are told to."""

import asyncio
import contextlib
import io
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "e2b_" + "0123456789" * 4
AT = "2026-11-22T12:00:00Z"


@dataclass
class TemplateService:
    url: str = ""
    asked: dict[str, Any] = field(default_factory=dict)
    """The last `POST /v3/templates`."""
    started: dict[str, Any] = field(default_factory=dict)
    """The last `POST /v2/templates/…/builds/…`: steps, start and ready command."""
    archives: dict[str, bytes] = field(default_factory=dict)
    """Uploads by their hash."""
    log: list[str] = field(default_factory=list)
    fails: str | None = None
    """Why builds fail, if they do."""
    tags: set[str] = field(default_factory=set)
    polls: int = 0

    def files(self, folder: str) -> dict[str, bytes]:
        """Path → content of what was uploaded for the step that copies `folder`."""
        step = next(s for s in self.started["steps"] if s["type"] == "COPY" and s["args"][0] == folder)
        with tarfile.open(fileobj=io.BytesIO(self.archives[step["filesHash"]]), mode="r:*") as tar:
            return {m.name: reader.read() for m in tar if (reader := tar.extractfile(m))}

    @property
    def application(self) -> Starlette:
        routes = [
            Route("/v3/templates", self._request, methods=["POST"]),
            Route("/templates/{id}/files/{hash}", self._link),
            Route("/upload/{hash}", self._upload, methods=["PUT"]),
            Route("/v2/templates/{id}/builds/{build}", self._start, methods=["POST"]),
            Route("/templates/{id}/builds/{build}/status", self._status),
            Route("/templates/aliases/{alias}", self._alias),
            Route("/templates/{id}/tags", self._tags),
        ]
        return Starlette(routes=routes, exception_handlers={})

    async def _request(self, request: Request) -> Response:
        if request.headers.get("x-api-key") != KEY:
            return JSONResponse({"code": 401, "message": "invalid API key"}, 401)
        self.asked = await request.json()
        names = {"names": [self.asked["name"]], "aliases": [self.asked["name"]], "public": False}
        told = {"templateID": "tpl1", "buildID": "b1", "tags": self.asked.get("tags", []), **names}
        return JSONResponse(told, 202)

    async def _link(self, request: Request) -> Response:
        digest = request.path_params["hash"]
        return JSONResponse({"present": digest in self.archives, "url": f"{self.url}/upload/{digest}"}, 201)

    async def _upload(self, request: Request) -> Response:
        self.archives[request.path_params["hash"]] = await request.body()
        return Response()

    async def _start(self, request: Request) -> Response:
        self.started = await request.json()
        self.polls = 0
        return Response(status_code=202)

    async def _status(self, request: Request) -> Response:
        offset = int(request.query_params.get("logsOffset", 0))
        self.polls += 1
        entries = [{"timestamp": AT, "level": "info", "message": line} for line in self.log[offset : offset + 2]]
        over = self.polls > 1
        told: dict[str, Any] = {"templateID": "tpl1", "buildID": "b1", "logs": [], "logEntries": entries}
        told["status"] = "building" if not over else "error" if self.fails else "ready"
        if over and self.fails:
            told["reason"] = {"message": self.fails, "step": "2"}
        elif over:
            self.tags |= {"default", *self.asked.get("tags", [])}
        return JSONResponse(told)

    async def _alias(self, request: Request) -> Response:
        if not self.tags:
            return JSONResponse({"code": 404, "message": "no such alias"}, 404)
        return JSONResponse({"templateID": "tpl1", "public": False})

    async def _tags(self, request: Request) -> Response:
        build = "00000000-0000-0000-0000-000000000001"
        return JSONResponse([{"tag": tag, "buildID": build, "createdAt": AT} for tag in sorted(self.tags)])


@contextlib.asynccontextmanager
async def template_service() -> AsyncIterator[TemplateService]:
    service = TemplateService()
    server = uvicorn.Server(uvicorn.Config(service.application, port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    service.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.should_exit = True
        await serving
