"""Lists a page at a time. A page's token names the entry it ended with, so that what comes or goes moves no other."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse

from .bodies import BadRequest

MOST = 100

T = TypeVar("T")
Place = tuple[float, str]
"""When an entry began, and its id."""


def page(
    request: Request,
    entries: Iterable[T],
    place: Callable[[T], Place],
    view: Callable[[T], dict[str, Any]],
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """The page the request asks for by `order` (default: newest first), `limit` and `nextToken`."""
    query = request.query_params
    newest_first = query.get("order", "desc") != "asc"
    found = sorted(entries, key=place, reverse=newest_first)
    if token := query.get("nextToken"):
        last = _read(token)
        found = [entry for entry in found if (place(entry) < last if newest_first else place(entry) > last)]
    limit = _limit(query.get("limit"))
    headers = dict(headers or {})
    if len(found) > limit:
        headers["x-next-token"] = _token(place(found[limit - 1]))
    return JSONResponse([view(entry) for entry in found[:limit]], headers=headers)


def _limit(value: str | None) -> int:
    if not value:
        return MOST
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise BadRequest(f"limit must be a whole number between 1 and {MOST}")
    return min(int(value), MOST)


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read(token: str) -> Place:
    try:
        began, name = json.loads(base64.urlsafe_b64decode(token))
        return float(began), str(name)
    except (ValueError, TypeError) as error:
        raise BadRequest("nextToken is not one this host gave") from error
