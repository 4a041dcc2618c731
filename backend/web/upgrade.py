"""The way up when a limit is reached."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from backend.domain import LimitKind, LimitReached, User


def upgrade_url(base: str | None, user: User | None) -> str | None:
    """The address where this user buys more, with their id for the payment provider to give back; None: nowhere."""
    if not base or not user:
        return None
    parts = urlsplit(base)
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name != "client_reference_id"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("client_reference_id", user.id)])))


def limit_details(error: LimitReached, user: User | None, base: str | None) -> dict[str, Any]:
    """What a page needs to show the limit: `{kind, resets_at, upgrade_url}`. A rate is nothing more can be bought of."""
    return {
        "kind": error.kind,
        "resets_at": error.resets_at.isoformat() if error.resets_at else None,
        "upgrade_url": None if error.kind is LimitKind.RATE else upgrade_url(base, user),
    }
