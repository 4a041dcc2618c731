"""Which runs need the operator, and why."""

from typing import Literal

from backend.domain import OpenRun

Reason = Literal["lease_expired", "no_worker", "attempts", "cancel_not_taken"]

LONG_S = 60.0
"""A run that waits longer than this for a worker is told of: a free worker takes one within a second."""
TAKEN_S = 10.0
"""A living worker ends a stopped run within a second. When it was stopped is not known, so a younger run is not told of."""
MANY_ATTEMPTS = 3
"""Most runs need one; each deployment of workers may cost one more."""


def why_stuck(run: OpenRun) -> dict[Reason, str]:
    """For each reason, what is the matter in a person's words; empty when all is well."""
    found: dict[Reason, str] = {}
    if run.lease_s is not None and run.lease_s < 0:
        found["lease_expired"] = (
            f"its worker was last heard of too long ago: the lease ended {lasting(-run.lease_s)} ago"
        )
    elif run.lease_s is None and run.waited_s > LONG_S:
        waits = "handed back" if run.attempt else "queued"
        found["no_worker"] = f"{waits}, and no worker has taken it; it is {lasting(run.waited_s)} old"
    if run.attempt >= MANY_ATTEMPTS:
        found["attempts"] = f"attempt {run.attempt}: workers do not survive it"
    if run.cancel_requested and run.waited_s > TAKEN_S:
        found["cancel_not_taken"] = "stopped by its owner, and its worker has not ended it yet"
    return found


def lasting(seconds: float) -> str:
    """For a person: `8 s`, `5 min`, `3.2 h`, `2.1 days`."""
    for unit, size, upto in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < upto:
            return f"{seconds / size:.1f} {unit}" if unit == "h" else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.1f} days"
