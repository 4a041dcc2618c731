"""Which refusals a worker waits out, and which end a run: they would be the same the next time."""

import httpx
import pytest

from backend.domain import Unavailable
from backend.store.supabase_errors import understood
from backend.store.supabase_http import Refusal


def refusal(status: int, code: str) -> Refusal:
    return Refusal(httpx.Response(status, json={"code": code, "message": "x"}))


@pytest.mark.parametrize(
    "error",
    [
        *(refusal(status, "") for status in (429, 502, 503, 504)),
        *(refusal(500, code) for code in ("57014", "57P01", "57P05", "40001", "40P01", "55P03", "08006", "53100")),
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("x"),
    ],
    ids=str,
)
def test_outages_pass(error: Exception) -> None:
    told = understood(error)
    assert isinstance(told, Unavailable)
    assert told.passes


@pytest.mark.parametrize(
    "error",
    [
        *(refusal(400, code) for code in ("", "22P02", "23502", "23514", "P0001", "PGRST100")),
        *(refusal(409, code) for code in ("23503", "23505")),
        refusal(403, ""),
        refusal(404, "PGRST202"),
        refusal(500, "XX000"),
        httpx.UnsupportedProtocol("x"),
    ],
    ids=str,
)
def test_what_would_be_refused_again_does_not(error: Exception) -> None:
    told = understood(error)
    assert isinstance(told, Unavailable)
    assert not told.passes
