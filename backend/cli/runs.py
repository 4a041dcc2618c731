"""The operator's view of runs that are not over: everybody's, with what is the matter with those that are stuck."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backend.config import Settings
from backend.domain import OpenRun
from backend.runs.stuck import lasting, why_stuck
from backend.store.opening import open_store_as_operator

MOST = 1000


async def list_runs(settings: Settings, *, as_json: bool, only_stuck: bool) -> None:
    """Prints them, the longest waiting first. Raises `Unavailable`, also without the operator's key."""
    store = await open_store_as_operator(settings)
    try:
        found = await store.open_runs(MOST)
    finally:
        await store.close()
    shown = [run for run in found if why_stuck(run) or not only_stuck]
    if as_json:
        print(json.dumps([as_told(run) for run in shown], ensure_ascii=False))
    else:
        show(shown, len(found))


def as_told(run: OpenRun) -> dict[str, Any]:
    return {**run.model_dump(mode="json"), "stuck": why_stuck(run)}


def show(runs: Sequence[OpenRun], found: int) -> None:
    # Ids are there to be copied, so they are never cut, however narrow the terminal.
    console = Console(highlight=False, width=1000)
    if runs:
        table = Table("run", "project", "owner", "kind", "status", "attempt", "age", "worker", "lease", box=None)
        for run in runs:
            table.add_row(*(escape(cell) for cell in _cells(run)), style="red" if why_stuck(run) else None)
        console.print(table)
    for run in runs:
        for words in why_stuck(run).values():
            console.print(f"[red]stuck[/red] {escape(run.id)}: {words}")
    stuck = sum(bool(why_stuck(run)) for run in runs)
    more = f" Only the {MOST} oldest were looked at." if found >= MOST else ""
    console.print(f"{found} not over, {stuck} stuck.{more}")


def _cells(run: OpenRun) -> tuple[str, ...]:
    lease = "" if run.lease_s is None else f"{run.lease_s:.0f} s" if run.lease_s >= 0 else "expired"
    age = lasting(run.waited_s)
    return run.id, run.project_id, run.owner, run.kind, run.status, str(run.attempt), age, run.worker or "", lease
