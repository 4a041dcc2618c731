"""The one HTTP pool of a process, and what an answer that is no success tells."""

import contextlib
from http.cookiejar import DefaultCookiePolicy

import httpx

CONNECTIONS = 100
IDLE_S = 60.0
CONNECT_S = 5.0
ANSWER_S = 20.0
"""A call that takes longer has failed. The database's own limits are shorter."""


class Refusal(Exception):
    """Supabase answered, but not with a success. Never shown: it may repeat what was sent."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.retry_after_s = _seconds(response.headers.get("Retry-After"))
        said: object = None
        with contextlib.suppress(ValueError):
            said = response.json()
        fields = said if isinstance(said, dict) else {}
        self.code = str(fields.get("code") or "")
        """An SQL state, or one of PostgREST's own; empty when what stands before PostgREST has answered."""
        self.hint = str(fields.get("hint") or "")
        self.said = str(fields.get("message") or "")
        super().__init__(f"HTTP {self.status} {self.code}".strip())


def open_pool() -> httpx.AsyncClient:
    """Raises `Refusal` for every answer that is no success. It keeps no cookies: many users' requests go through it."""
    pool = httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
        limits=httpx.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE_S
        ),
        event_hooks={"response": [_refuse]},
    )
    pool.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return pool


async def _refuse(response: httpx.Response) -> None:
    if not response.is_success:
        await response.aread()
        raise Refusal(response)


def _seconds(retry_after: str | None) -> float | None:
    try:
        return max(0.0, float(retry_after or ""))
    except ValueError:
        return None
