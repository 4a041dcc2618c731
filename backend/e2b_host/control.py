"""E2B's control plane: create, find, time and end sandboxes."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .channel import GuestError
from .limits import Limits
from .machine import BootError
from .metrics import Meter
from .names import same_secret
from .replies import refusal
from .sandbox import DEFAULT_TIMEOUT_S, Request, Sandbox
from .sandboxes import NoRoom, Sandboxes, UnknownTemplate
from .templates import BARE

log = logging.getLogger(__name__)

ENVD_VERSION = "0.6.13"
"""The envd whose behaviour the guest follows; the SDK chooses its calls by it."""
MAX_TIMEOUT_S = 24 * 3600
MAX_LIST = 100

Handler = Callable[[HttpRequest], Awaitable[Response]]


class BadRequest(Exception):
    """The client's request is malformed; the message says how."""


class Control:
    def __init__(self, sandboxes: Sandboxes, meter: Meter, *, api_key: str, domain: str, limits: Limits) -> None:
        self._sandboxes = sandboxes
        self._meter = meter
        self._api_key = api_key
        self._domain = domain
        self._limits = limits

    def routes(self) -> list[Route]:
        found = [Route("/health", self._health), self._route("/capacity", self._capacity, "GET")]
        for version in ("", "/v2"):
            base = f"{version}/sandboxes"
            found += [
                self._route(base, self._create, "POST"),
                self._route(base, self._list, "GET"),
                self._route(base + "/{id}", self._info, "GET"),
                self._route(base + "/{id}", self._kill, "DELETE"),
                self._route(base + "/{id}/timeout", self._timeout, "POST"),
                self._route(base + "/{id}/pause", self._pause, "POST"),
                self._route(base + "/{id}/connect", self._connect, "POST"),
                self._route(base + "/{id}/resume", self._connect, "POST"),
                self._route(base + "/{id}/metrics", self._metrics, "GET"),
            ]
        return found

    def _route(self, path: str, handler: Handler, method: str) -> Route:
        async def guarded(request: HttpRequest) -> Response:
            if not same_secret(request.headers.get("x-api-key", ""), self._api_key):
                return refusal(401, "Invalid API key: this sandbox host accepts only the key it printed at its start")
            try:
                return await handler(request)
            except BadRequest as error:
                return refusal(400, str(error))
            except NoRoom as error:
                response = refusal(429, str(error))
                response.headers["should-retry"] = "false"  # waiting makes no room
                return response
            except UnknownTemplate as error:
                return refusal(
                    404, f"template '{error}' not found; this host has: {', '.join(self._sandboxes.templates)}"
                )
            except (BootError, GuestError) as error:
                log.error("%s %s: %s", method, request.url.path, error)
                return refusal(500, str(error))

        return Route(path, guarded, methods=[method])

    async def _health(self, request: HttpRequest) -> Response:
        return Response("ok")

    async def _capacity(self, request: HttpRequest) -> Response:
        """Not E2B's: for whoever runs the host."""
        return JSONResponse(self._sandboxes.capacity())

    async def _create(self, request: HttpRequest) -> Response:
        body = await _body(request)
        name = str(body.get("templateID") or BARE).split(":")[0]
        asked = Request(
            metadata=_strings(body, "metadata"),
            envs=_strings(body, "envVars"),
            timeout_s=_timeout(body),
            internet=body.get("allow_internet_access") is not False,
            pause_on_timeout=bool(body.get("autoPause")),
            auto_resume=bool((body.get("autoResume") or {}).get("enabled")),
        )
        sandbox = await self._sandboxes.create(name, asked)
        return JSONResponse(self._brief(sandbox), 201)

    async def _list(self, request: HttpRequest) -> Response:
        query = request.query_params
        found = [sandbox for sandbox in self._sandboxes if _matches(sandbox, request)]
        found.sort(key=lambda sandbox: sandbox.started_at, reverse=query.get("order", "desc") != "asc")
        try:
            start, limit = int(query.get("nextToken") or 0), min(int(query.get("limit") or MAX_LIST), MAX_LIST)
        except ValueError as error:
            raise BadRequest("limit and nextToken must be numbers") from error
        headers = {"x-next-token": str(start + limit)} if start + limit < len(found) else {}
        return JSONResponse([self._detail(sandbox) for sandbox in found[start : start + limit]], headers=headers)

    async def _info(self, request: HttpRequest) -> Response:
        return self._of(request, lambda sandbox: JSONResponse(self._detail(sandbox)))

    async def _kill(self, request: HttpRequest) -> Response:
        sandbox = self._find(request)
        if sandbox is None:
            return self._missing(request)
        await sandbox.kill("its client killed it")
        return Response(status_code=204)

    async def _timeout(self, request: HttpRequest) -> Response:
        seconds = _timeout(await _body(request))
        sandbox = self._find(request)
        if sandbox is None:
            return self._missing(request)
        sandbox.set_timeout(seconds)
        return Response(status_code=204)

    async def _pause(self, request: HttpRequest) -> Response:
        sandbox = self._find(request)
        if sandbox is None:
            return self._missing(request)
        if not await sandbox.pause():
            return refusal(409, f"Sandbox {sandbox.id} is already paused")
        return Response(status_code=204)

    async def _connect(self, request: HttpRequest) -> Response:
        seconds = _timeout(await _body(request))
        sandbox = self._find(request)
        if sandbox is None:
            return self._missing(request)
        if await sandbox.resume(seconds):
            return JSONResponse(self._brief(sandbox), 201)
        sandbox.extend(seconds)
        return JSONResponse(self._brief(sandbox))

    async def _metrics(self, request: HttpRequest) -> Response:
        return self._of(request, lambda sandbox: JSONResponse(self._meter.samples(sandbox)))

    def _find(self, request: HttpRequest) -> Sandbox | None:
        return self._sandboxes.get(request.path_params["id"])

    def _of(self, request: HttpRequest, answer: Callable[[Sandbox], Response]) -> Response:
        sandbox = self._find(request)
        return answer(sandbox) if sandbox else self._missing(request)

    def _missing(self, request: HttpRequest) -> Response:
        return refusal(404, f"Sandbox \"{request.path_params['id']}\" doesn't exist or you don't have access to it")

    def _brief(self, sandbox: Sandbox) -> dict[str, Any]:
        return {
            "templateID": sandbox.plan.template.name,
            "alias": sandbox.plan.template.name,
            "sandboxID": sandbox.id,
            "clientID": "local",
            "envdVersion": ENVD_VERSION,
            "envdAccessToken": sandbox.token,
            "trafficAccessToken": None,
            "domain": self._domain,
        }

    def _detail(self, sandbox: Sandbox) -> dict[str, Any]:
        return {
            **self._brief(sandbox),
            "state": "paused" if sandbox.state == "paused" else "running",
            "startedAt": _iso(sandbox.started_at),
            "endAt": _iso(sandbox.ends_at),
            "metadata": dict(sandbox.request.metadata),
            "cpuCount": self._meter.cpu_count,
            "memoryMB": self._limits.memory_mb,
            "diskSizeMB": self._limits.disk_mb,
            "allowInternetAccess": sandbox.request.internet,
            "lifecycle": {
                "onTimeout": "pause" if sandbox.request.pause_on_timeout else "kill",
                "autoResume": sandbox.request.auto_resume,
            },
        }


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")


async def _body(request: HttpRequest) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _strings(body: dict[str, Any], key: str) -> dict[str, str]:
    value = body.get(key) or {}
    if not isinstance(value, dict) or not all(
        isinstance(item, str) and "\0" not in item for item in [*value, *value.values()]
    ):
        raise BadRequest(f"{key} must map strings to strings")
    return value


def _timeout(body: dict[str, Any]) -> float:
    seconds = body.get("timeout")
    if seconds is None:
        return DEFAULT_TIMEOUT_S
    if not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_TIMEOUT_S:
        raise BadRequest(f"timeout must be between 0 and {MAX_TIMEOUT_S} seconds")
    return float(seconds)


def _matches(sandbox: Sandbox, request: HttpRequest) -> bool:
    query = request.query_params
    wanted = {unquote(key): unquote(value) for key, value in parse_qsl(query.get("metadata", ""))}
    if any(sandbox.request.metadata.get(key) != value for key, value in wanted.items()):
        return False
    states = [state for value in query.getlist("state") for state in value.split(",")]
    if states and ("paused" if sandbox.state == "paused" else "running") not in states:
        return False
    if query.get("template") and sandbox.plan.template.name != query["template"]:
        return False
    if after := query.get("startedAfter"):
        try:
            earliest = datetime.fromisoformat(after).timestamp()
        except ValueError as error:
            raise BadRequest("startedAfter must be an ISO time") from error
        return sandbox.started_at >= earliest - 0.001
    return True
