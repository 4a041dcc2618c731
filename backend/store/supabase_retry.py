"""Which failures pass, and how long to wait for it."""

import random

import httpx

from backend.store.supabase_http import Refusal

TRIES = 5
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
PATIENCE_S = 12.0
"""No new try is begun later than this after the first: below a worker's lease, and a person's patience."""

_PASSING_STATUS = {429, 502, 503, 504, 520, 521, 522, 523, 524}
_PASSING_CODES = {
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # a lock was not to be had in time
    "53300",  # too many connections
    "57P01",  # the database is shut down,
    "57P02",  # has crashed,
    "57P03",  # or starts up
    "PGRST000",  # PostgREST cannot reach the database,
    "PGRST001",
    "PGRST002",  # has not read its schema yet,
    "PGRST003",  # or waited too long for a connection
}


def passes(error: Exception) -> bool:
    """Whether the same call may succeed a moment later."""
    if isinstance(error, Refusal):
        return error.status in _PASSING_STATUS or error.code in _PASSING_CODES or error.code.startswith("08")
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def pause_s(tries: int, error: Exception) -> float:
    """Before the next try, after so many. Doubling, with jitter, so that many clients do not come back at once."""
    asked = error.retry_after_s if isinstance(error, Refusal) else None
    if asked is not None:
        return asked + random.uniform(0, FIRST_PAUSE_S)
    return min(FIRST_PAUSE_S * 2 ** (tries - 1), LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)
