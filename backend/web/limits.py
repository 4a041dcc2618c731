"""How often somebody may do something: moving windows, in this process's memory.

Several web processes each count on their own, so the allowance is per process. What costs money is counted exactly, by
the store; these limits keep guessing, flooding and mailing at bay.
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from starlette.requests import HTTPConnection

from backend.domain import LimitKind, LimitReached

Limit = Literal[
    "sign_in", "password", "mail", "code", "anonymous", "run", "share", "wake", "look", "events", "upload", "download"
]


class Rate(NamedTuple):
    times: int
    window_s: float


RATES: Mapping[Limit, Rate] = {
    # A whole office may sit behind one address of the network.
    "sign_in": Rate(60, 600),
    "anonymous": Rate(10, 3600),
    # One e-mail address: guesses of its password, of its six-digit code, and mails to it.
    "password": Rate(10, 600),
    "code": Rate(5, 600),
    "mail": Rate(3, 300),
    # One user.
    "run": Rate(30, 60),
    "share": Rate(30, 60),
    # Each may bring several pictures; they lie on the disk for a while, whether they are sent or not.
    "upload": Rate(60, 600),
    # Each holds a project's files in memory.
    "download": Rate(20, 60),
    # One visitor of a share.
    "wake": Rate(10, 600),
    # One visitor too: the page looks every second while the preview wakes.
    "look": Rate(600, 60),
    # One user or visitor; a browser opens a stream again by itself.
    "events": Rate(120, 60),
}
MAX_KEYS = 50_000
"""Then the keys that were quiet longest are forgotten: memory stays bounded under a flood."""


class RateLimits:
    def __init__(self, rates: Mapping[Limit, Rate] = RATES, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._hits: OrderedDict[tuple[Limit, str], deque[float]] = OrderedDict()
        # FastAPI runs plain functions in threads.
        self._lock = threading.Lock()

    def hit(self, name: Limit, key: str) -> None:
        """Count one try of `key` (a user's id, an address). Raises `LimitReached`; a refused try is not counted."""
        rate = self._rates[name]
        now = self._clock()
        with self._lock:
            hits = self._hits.setdefault((name, key), deque())
            self._hits.move_to_end((name, key))
            while hits and hits[0] <= now - rate.window_s:
                hits.popleft()
            if len(hits) >= rate.times:
                raise _reached(hits[0] + rate.window_s - now)
            hits.append(now)
            while len(self._hits) > MAX_KEYS:
                self._hits.popitem(last=False)


def caller(connection: HTTPConnection) -> str:
    """Where a request comes from, as a key. An IPv6 network counts as one: its owner has all its addresses.

    Behind a proxy this is the caller only if the server was told to believe the proxy (`--forwarded-allow-ips`).
    """
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _reached(wait_s: float) -> LimitReached:
    waiting = f"{max(1, round(wait_s))} seconds" if wait_s < 90 else f"{round(wait_s / 60)} minutes"
    return LimitReached(
        f"That was too often in a short time. Wait {waiting}, then try again.",
        LimitKind.RATE,
        datetime.now(UTC) + timedelta(seconds=wait_s),
    )
