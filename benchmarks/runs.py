"""Runs and those who watch them: journal, queue, two hundred at once, and how late and how dear news are."""

import asyncio
import os
import sqlite3
import statistics
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from backend.config import Settings
from backend.domain import Lease, RunKind, User
from backend.events import CheckFinished, LogLines, StepStarted, ToolFinished
from backend.runs.job import Job
from backend.runs.worker import Worker
from backend.store.sqlite import SqliteStore
from backend.workspace.contract import Workspace
from benchmarks.crowds import Crowd, Served, percentile
from benchmarks.floors import RawAppend
from benchmarks.rounds import Row, interleaved
from tests.runs.disk import DiskWorkspaces, gate

if TYPE_CHECKING:
    from backend.agent.loop import Outcome

QUEUED = 10_000
OWNERS = 200
AT_ONCE = 200
STEPS = 20
VIEWERS = 50
EVENTS = 20
APART_S = 0.15
FRAMES_A_SECOND = 20
WATCHED_S = 5.0
SHORT_ROUNDS = 100
"""Of what takes a millisecond."""


async def runs(rounds: int, scratch: Path, console: Console) -> list[Row]:
    load = os.getloadavg()[0]
    console.log(f"runs and viewers, on {os.cpu_count()} cores with a load of {load:.1f}")
    return [
        *await _journal(rounds * SHORT_ROUNDS, scratch),
        *await _at_once(rounds, scratch),
        *await _late(rounds, scratch),
        *await _dear(rounds, scratch),
    ]


async def _journal(rounds: int, scratch: Path) -> list[Row]:
    full, empty = await Queue.of(scratch / "full.db", QUEUED), await Queue.of(scratch / "empty.db", 1)
    raw = RawAppend(scratch / "raw-append.db")
    measures = {"append": empty.appended, "raw": raw.timed, "full": full.claimed, "empty": empty.claimed}
    taken = await interleaved(measures, rounds)
    await full.close()
    await empty.close()
    return [
        Row("one append to a run's journal", "a bare SQLite insert", taken["append"], taken["raw"]),
        Row(f"claim, with {QUEUED:,} queued", "with 1 queued", taken["full"], taken["empty"]),
    ]


class Queue:
    """So many queued runs of many people, and one more under way."""

    def __init__(self, store: SqliteStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease

    @classmethod
    async def of(cls, file: Path, queued: int) -> "Queue":
        store = await SqliteStore.open(file)
        await _queue(store, User(id="under-way"), 0)
        claimed = await store.claim_run("bench", 3600)
        assert claimed
        for n in range(min(OWNERS, queued)):
            await _queue(store, User(id=f"owner-{n}"), n + 1)
        await asyncio.to_thread(_multiply, file, max(1, queued // OWNERS))
        return cls(store, claimed[2])

    async def appended(self) -> float:
        started = time.perf_counter()
        await self._store.append(self._lease, [LogLines(source="dev", lines=["a line"])])
        return time.perf_counter() - started

    async def claimed(self) -> float:
        """Handed back afterwards."""
        started = time.perf_counter()
        claimed = await self._store.claim_run("bench", 60)
        seconds = time.perf_counter() - started
        assert claimed
        await self._store.release_lease(claimed[2])
        return seconds

    async def close(self) -> None:
        await self._store.close()


async def _queue(store: SqliteStore, owner: User, n: int) -> None:
    project = await store.create_project(owner, "Bench", {"page.tsx": b"1"})
    await store.start_run(owner, project.id, f"run-{n}", RunKind.PROMPT, "bench")


def _multiply(file: Path, times: int) -> None:
    """So many of each queued run, in projects of their own; one by one through the store would take minutes."""
    database = sqlite3.connect(file)
    database.row_factory = sqlite3.Row
    with database:
        for run in database.execute("select * from runs where status = 'queued'").fetchall():
            project = database.execute("select * from projects where id = ?", (run["project_id"],)).fetchone()
            for n in range(1, times):
                project_id = f"{project['id']}-{n}"
                _insert(database, "projects", {**dict(project), "id": project_id})
                _insert(database, "runs", {**dict(run), "id": f"{run['id']}-{n}", "project_id": project_id})
    database.close()


def _insert(database: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    names = ", ".join(row)
    database.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


async def _at_once(rounds: int, scratch: Path) -> list[Row]:
    raw = RawAppend(scratch / "raw-steps.db")
    ours: list[float] = []
    floor: list[float] = []
    for n in range(rounds):
        ours.append(await _a_step(scratch / f"crowd-{n}"))
        floor += [await raw.timed() for _ in range(SHORT_ROUNDS)]
    a_second = 1 / statistics.median(ours)
    what = f"one step of {AT_ONCE} runs at once ({a_second:,.0f} a second)"
    return [Row(what, "a bare SQLite insert", ours, floor)]


async def _a_step(root: Path) -> float:
    """Each writes two facts: what it does, and what came of it."""
    script = Script()
    settings = Settings(CODEFLOW_DATA_DIR=root, CODEFLOW_LEASE=60)  # pyright: ignore[reportCallIssue]
    store = await SqliteStore.open(root / "codeflow.db")
    for n in range(AT_ONCE):
        await _queue(store, User(id=f"owner-{n}"), n)
    worker = Worker(store, DiskWorkspaces(root / "sandboxes"), gate, script, settings, slots=AT_ONCE)
    working = asyncio.create_task(worker.serve())
    await script.done.wait()
    worker.stop()
    await working
    await store.close()
    return script.seconds / (AT_ONCE * STEPS)


class Script:
    """An agent that steps and steps, once all others are there too."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.done = asyncio.Event()
        self._all_there = asyncio.Barrier(AT_ONCE)

    async def __call__(self, job: Job, workspace: Workspace) -> "Outcome":
        await self._all_there.wait()
        started = time.perf_counter()
        for n in range(STEPS):
            step = f"tool:{n}:0"
            await job.journal.append(StepStarted(step=step, kind="tool", tool="run", target="a command"))
            done = ToolFinished(
                step=step, call_id=step, tool="run", target="a command", ok=True, result="Done.", duration_ms=1
            )
            await job.journal.append(done, step=step)
        await self._all_there.wait()
        self.seconds = time.perf_counter() - started
        self.done.set()
        checked = await job.gate(workspace)
        report = CheckFinished(step="check:0", report=checked.report, duration_ms=1)
        await job.journal.append(report, step="check:0", blobs=checked.blobs)
        from backend.agent.loop import Outcome

        return Outcome(True, True, False, None, checked.report, "Done.")


async def _late(rounds: int, scratch: Path) -> list[Row]:
    p50: defaultdict[str, list[float]] = defaultdict(list)
    p95: defaultdict[str, list[float]] = defaultdict(list)

    def note(name: str, values: list[float], expected: int) -> None:
        if len(values) != expected:
            raise RuntimeError(f"{expected} events should have come, and {len(values)} did")
        p50[name].append(percentile(values, 50))
        p95[name].append(percentile(values, 95))

    async with AsyncExitStack() as stack:
        product = await stack.enter_async_context(Served.running(scratch / "watched"))
        floor = await stack.enter_async_context(Served.running())
        for _ in range(rounds):
            async with Crowd.of(product, 1) as one:
                note("one", await one.latencies(EVENTS, APART_S), EVENTS)
            async with Crowd.of(product, VIEWERS) as many:
                note("many", await many.latencies(EVENTS, APART_S), EVENTS * VIEWERS)
            async with Crowd.of(product, VIEWERS - 1) as many, many.with_browser():
                note("browser", await many.latencies_in_browser(EVENTS, APART_S), EVENTS)
            async with Crowd.of(floor, VIEWERS) as bare:
                note("bare", await bare.latencies(EVENTS, APART_S), EVENTS * VIEWERS)
    written = f"{VIEWERS} bare sockets"
    what = f"event → one of {VIEWERS} viewers"
    return [
        Row(f"{what}, p50", "→ a single viewer, p50", p50["many"], p50["one"]),
        Row(f"{what}, p95", "→ a single viewer, p95", p95["many"], p95["one"]),
        Row(f"{what}, p50", f"→ {written}, p50", p50["many"], p50["bare"]),
        Row(f"{what}, p95", f"→ {written}, p95", p95["many"], p95["bare"]),
        Row("event → a browser's page among them, p50", f"→ {written}, p50", p50["browser"], p50["bare"]),
        Row("event → a browser's page among them, p95", f"→ {written}, p95", p95["browser"], p95["bare"]),
    ]


async def _dear(rounds: int, scratch: Path) -> list[Row]:
    """CPU seconds of the server for each viewer and minute, over those for none."""
    spent: defaultdict[str, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        product = await stack.enter_async_context(Served.running(scratch / "spent"))
        floor = await stack.enter_async_context(Served.running())
        for _ in range(rounds):
            for name, served, pace in (
                ("rest", product, 0),
                ("streaming", product, FRAMES_A_SECOND),
                ("bare", floor, FRAMES_A_SECOND),
            ):
                async with Crowd.of(served, 0) as nobody:
                    alone = await nobody.cpu_s(WATCHED_S, pace)
                async with Crowd.of(served, VIEWERS) as crowd:
                    watched = await crowd.cpu_s(WATCHED_S, pace)
                spent[name].append(max(0.0, watched - alone) / VIEWERS * 60 / WATCHED_S)
    streaming = f"CPU for a viewer's minute, {FRAMES_A_SECOND} frames a second"
    return [
        Row(streaming, "a bare socket's", spent["streaming"], spent["bare"]),
        Row("CPU for a viewer's minute, at rest", "streaming", spent["rest"], spent["streaming"]),
    ]
