"""How many streams of events one user may hold open, and how long one lasts."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator

from fastapi import Request

from backend.domain import LimitKind, LimitReached, User
from backend.telemetry.metrics import EVENT_STREAMS
from backend.web.session import LOCAL_USER

MAX_STREAMS = 30
"""Of one user. A tab holds one or two, and a browser no more than six of them without HTTP/2."""


class Streams:
    """Those open in this process."""

    def __init__(self, most: int = MAX_STREAMS) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def require_room(self, user: User) -> None:
        """Raises `LimitReached` when the user has as many open as they may. The local user may have any number."""
        if user != LOCAL_USER and self._open[user.id] >= self._most:
            message = f"{self._most} pages with live news are open already. Close some, and reload this one."
            raise LimitReached(message, LimitKind.RATE)

    @contextlib.contextmanager
    def counted(self, user: User) -> Iterator[None]:
        """One more, while the block runs."""
        self._open[user.id] += 1
        try:
            with EVENT_STREAMS.track_inprogress():
                yield
        finally:
            self._open[user.id] -= 1
            if not self._open[user.id]:
                del self._open[user.id]


def session_ends(request: Request) -> float | None:
    """When the request's session ends, in seconds of the clock; None: never."""
    return getattr(request.state, "session_ends", None)


def seconds_left(ends: float | None) -> float | None:
    return None if ends is None else max(0.0, ends - time.time())
