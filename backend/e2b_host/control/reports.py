"""What sandboxes use and what they said."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..sandbox import Sandbox
from .bodies import BadRequest
from .context import Call, Context
from .views import iso

MAX_LINES = 1000
TAIL = 256 * 1024
"""Bytes of a log that are read: sandboxes may write any amount."""


class ReportCalls:
    def __init__(self, context: Context) -> None:
        self._context = context

    def calls(self) -> list[Call]:
        return [
            ("GET", "/sandboxes/metrics", self.metrics_of_many),
            ("GET", "/sandboxes/{id}/metrics", self.metrics),
            ("GET", "/sandboxes/{id}/logs", self.logs),
            ("GET", "/v2/sandboxes/{id}/logs", self.entries),
        ]

    async def metrics(self, request: Request) -> Response:
        """The samples between `start` and `end`, in seconds of Unix time."""
        start, end = _number(request, "start"), _number(request, "end")
        samples = self._context.meter.samples(self._context.sandbox(request))
        inside = [one for one in samples if (start or 0) <= one["timestampUnix"] <= (end or float("inf"))]
        return JSONResponse(inside)

    async def metrics_of_many(self, request: Request) -> Response:
        """The latest sample of each, by id."""
        ids = [name for value in request.query_params.getlist("sandbox_ids") for name in value.split(",") if name]
        found = {name: sandbox for name in ids if (sandbox := self._context.sandboxes.get(name))}
        samples = {name: self._context.meter.samples(sandbox)[-1:] for name, sandbox in found.items()}
        return JSONResponse({"sandboxes": {name: latest[0] for name, latest in samples.items() if latest}})

    async def logs(self, request: Request) -> Response:
        entries = self._entries(request, _number(request, "start"))
        lines = [{"timestamp": entry["timestamp"], "line": entry["message"]} for entry in entries]
        return JSONResponse({"logs": lines, "logEntries": entries})

    async def entries(self, request: Request) -> Response:
        entries = self._entries(request, _number(request, "cursor"))
        if request.query_params.get("direction") == "backward":
            entries.reverse()
        return JSONResponse({"logs": entries})

    def _entries(self, request: Request, since_ms: int | None) -> list[dict[str, Any]]:
        """What the sandbox's own machinery wrote; its lines carry the time of the last one."""
        lines, at = _log(self._context.sandbox(request))
        if since_ms is not None and at * 1000 < since_ms:
            return []
        wanted, limit = request.query_params.get("search", ""), _number(request, "limit")
        lines = [line for line in lines if wanted in line][-min(MAX_LINES if limit is None else limit, MAX_LINES) :]
        return [{"timestamp": iso(at), "level": "info", "message": line, "fields": {}} for line in lines if limit != 0]


def _log(sandbox: Sandbox) -> tuple[list[str], float]:
    path: Path = sandbox.plan.folder / "log"
    try:
        with path.open("rb") as file:
            at = path.stat().st_mtime
            file.seek(max(0, path.stat().st_size - TAIL))
            return file.read(TAIL).decode(errors="replace").splitlines(), at
    except FileNotFoundError:
        return [], datetime.now(UTC).timestamp()


def _number(request: Request, key: str) -> int | None:
    value = request.query_params.get(key)
    if not value:
        return None
    if not value.isascii() or not value.isdigit():
        raise BadRequest(f"{key} must be a whole number")
    return int(value)
