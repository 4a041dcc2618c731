"""What `/metrics` tells: what this process counted, and how the store and its sandboxes are just now."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from backend.domain import OpenRun
from backend.runs.stuck import why_stuck
from backend.telemetry.metrics import REGISTRY
from backend.web.services import Services

log = logging.getLogger(__name__)

ASK_S = 5.0
MOST_RUNS = 1000
"""Looked at in one reading: those that have waited longest."""


async def exposition(services: Services) -> bytes:
    """In Prometheus' text format."""
    now = CollectorRegistry()
    _read_setup(services, now)
    await asyncio.gather(_read_store(services, now), _read_sandboxes(services, now))
    return generate_latest(REGISTRY) + generate_latest(now)


def _read_setup(services: Services, now: CollectorRegistry) -> None:
    ready = Gauge("codeflow_sandboxes_prepared", "1 when sandboxes can be had, or are had elsewhere.", registry=now)
    ready.set(services.setup.ready)


async def _read_store(services: Services, now: CollectorRegistry) -> None:
    settings = services.settings
    if settings.multi_user and not settings.supabase_worker_token:
        # This process has no right to see other people's runs.
        return
    up = Gauge("codeflow_store_up", "1 when the store told its queue.", registry=now)
    try:
        async with asyncio.timeout(ASK_S):
            depth = await services.store.pending()
            runs = await services.store.open_runs(MOST_RUNS)
    except Exception as error:
        log.warning("The store does not tell its queue: %s: %s", type(error).__name__, error)
        return
    up.set(1)
    Gauge("codeflow_queue_depth", "Runs that wait for a worker, or lost theirs.", registry=now).set(depth)
    read_runs(runs, now)


def read_runs(runs: Sequence[OpenRun], now: CollectorRegistry) -> None:
    under_way = Gauge(
        "codeflow_runs_open", f"Of the {MOST_RUNS} oldest runs that are not over.", ["kind", "status"], registry=now
    )
    for (kind, status), count in Counter((run.kind.value, run.status.value) for run in runs).items():
        under_way.labels(kind, status).set(count)
    waiting = [run.waited_s for run in runs if run.lease_s is None]
    lost = [-run.lease_s for run in runs if run.lease_s is not None and run.lease_s < 0]
    for name, about, value in (
        ("codeflow_queue_oldest_seconds", "Age of the oldest run that no worker has.", max(waiting, default=0)),
        ("codeflow_leases_expired", "Runs whose worker was lost and that no other has taken.", len(lost)),
        ("codeflow_lease_expired_oldest_seconds", "Since when the longest of those is.", max(lost, default=0)),
    ):
        Gauge(name, about, registry=now).set(value)
    stuck = Gauge("codeflow_runs_stuck", "As `codeflow runs` marks them.", ["reason"], registry=now)
    for reason in ("lease_expired", "no_worker", "attempts", "cancel_not_taken"):
        stuck.labels(reason).set(sum(reason in why_stuck(run) for run in runs))


async def _read_sandboxes(services: Services, now: CollectorRegistry) -> None:
    capacity = await services.sandboxes()
    if capacity is None:
        return
    states = Gauge("codeflow_sandboxes", "Of the host on this machine; ready: in its pool.", ["state"], registry=now)
    for state in ("running", "paused", "ready"):
        states.labels(state).set(capacity[state])
    Gauge("codeflow_sandboxes_max", "As many may be given out.", registry=now).set(capacity["max"])
