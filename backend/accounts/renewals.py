"""Refresh tokens are good for one use, and a page asks for many things at once: each is used by one request, for all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend.accounts.grants import Grant
from backend.domain import LimitReached, NotSignedIn, Unavailable

GRACE_S = 60.0
"""A request that still comes with the old cookie gets what the first one got."""
TROUBLE_S = 5.0
"""Supabase is left alone for so long when it did not answer."""


@dataclass
class _Renewal:
    task: "asyncio.Task[Grant | NotSignedIn | Unavailable]"
    until: float = float("inf")


class Renewals:
    def __init__(self, refresh: Callable[[str], Awaitable[Grant]]) -> None:
        self._refresh = refresh
        self._known: dict[str, _Renewal] = {}

    async def renew(self, token: str) -> Grant:
        """What `token` is worth now. Raises `NotSignedIn`: the session is over; `Unavailable`: nobody knows."""
        now = time.monotonic()
        renewal = self._known.get(token)
        if renewal is None or renewal.until < now:
            self._known = {key: known for key, known in self._known.items() if known.until >= now}
            # A task of its own: who asked first may go away before the others have their answer.
            renewal = self._known[token] = _Renewal(asyncio.create_task(self._renewed(token)))
        outcome = await asyncio.shield(renewal.task)
        if isinstance(outcome, Grant):
            return outcome
        raise outcome

    def forget(self) -> None:
        """What was learned so far may be over: from now on, everybody is asked about anew."""
        self._known = {key: known for key, known in self._known.items() if known.until == float("inf")}

    async def _renewed(self, token: str) -> Grant | NotSignedIn | Unavailable:
        try:
            outcome = await self._refresh(token)
        except (NotSignedIn, Unavailable) as error:
            outcome = error
        except LimitReached as error:
            outcome = Unavailable(error.message)
        rest = TROUBLE_S if isinstance(outcome, Unavailable) else GRACE_S
        self._known[token].until = time.monotonic() + rest
        return outcome
