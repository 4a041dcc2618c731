"""Which sandboxes and snapshots a list is asked for."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

from ..sandbox import Sandbox
from ..snapshots import Snapshot
from .bodies import BadRequest
from .views import state

STATES = frozenset(("running", "paused"))
CLOCK_S = 0.001
"""Times go through JSON with a loss."""


def sandboxes(request: Request, every: Iterable[Sandbox], states: frozenset[str]) -> list[Sandbox]:
    """Those of the asked `metadata`, `state` (default: `states`), `template` and `startedAfter`."""
    query = request.query_params
    metadata = {unquote(key): unquote(value) for key, value in parse_qsl(query.get("metadata", ""))}
    states = frozenset(name for value in query.getlist("state") for name in value.split(",") if name) or states
    if unknown := states - STATES:
        raise BadRequest(f"state must be running or paused, not {', '.join(sorted(unknown))}")
    template = query.get("template")
    after = _time(query.get("startedAfter"))
    return [
        sandbox
        for sandbox in every
        if metadata.items() <= dict(sandbox.request.metadata).items()
        and state(sandbox) in states
        and template in (None, "", sandbox.plan.template.name)
        and sandbox.started_at >= after
    ]


def snapshots(request: Request, every: Iterable[Snapshot]) -> list[Snapshot]:
    query = request.query_params
    source, name = query.get("sandboxID"), query.get("name")
    return [
        snapshot
        for snapshot in every
        if source in (None, "", snapshot.sandbox_id)
        and (not name or name.removesuffix(":default") in (snapshot.id, *snapshot.names))
    ]


def _time(value: str | None) -> float:
    if not value:
        return 0.0
    try:
        time = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadRequest("startedAfter must be an ISO time") from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() - CLOCK_S
