"""Whole runs on Supabase: a web process that may not work, a worker that knows no user, and a network that loses answers."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.config import Settings
from backend.domain import Run, RunStatus
from backend.events import Entry, ModelFinished
from backend.runs.job import Job
from backend.runs.journal import result_of
from backend.runs.service import Runs
from backend.runs.worker import Worker
from backend.store.supabase import SupabaseStore
from backend.workspace.contract import Workspace
from tests.runs.actor import Actor
from tests.runs.disk import DiskWorkspaces, gate
from tests.store.faulty_proxy import FaultyProxy, Lose
from tests.store.supabase_world import OnSupabase, SupabaseWorld
from tests.supabase.project import SupabaseServer

if TYPE_CHECKING:
    from backend.agent.loop import Outcome


class Slower(Actor):
    """Takes its time with what waited."""

    async def __call__(self, job: Job, workspace: Workspace) -> "Outcome":
        if job.run.id == "waits-here":
            self.turns, self.pause_s, self.text = 100, 0.05, "half done"
        return await super().__call__(job, workspace)


class TestRuns(OnSupabase):
    @pytest.fixture
    async def proxy(self, supabase_server: SupabaseServer) -> AsyncIterator[FaultyProxy]:
        async with FaultyProxy(supabase_server.url).serving() as proxy:
            yield proxy

    @pytest.fixture
    async def web(self, world: SupabaseWorld) -> AsyncIterator[SupabaseStore]:
        """What the web process has: no right to work on runs."""
        store = await SupabaseStore.open(world.server.url, world.server.publishable_key)
        yield store
        await store.close()

    @pytest.fixture
    async def there(self, world: SupabaseWorld, proxy: FaultyProxy) -> AsyncIterator[SupabaseStore]:
        """What a worker elsewhere has, behind the proxy."""
        worker = world.server.mint("codeflow_worker")
        store = await SupabaseStore.open(proxy.url, world.server.publishable_key, worker)
        yield store
        await store.close()

    async def test_a_prompt_is_worked_on_elsewhere_and_watched_here(
        self, world: SupabaseWorld, web: SupabaseStore, there: SupabaseStore, tmp_path: Path
    ) -> None:
        workspaces = DiskWorkspaces(tmp_path)
        runs = Runs(web, workspaces)
        run = await runs.start(world.ada, None, "a page for my cat")
        async with _working(there, Actor(turns=2, pause_s=0.1), workspaces, tmp_path), asyncio.timeout(60):
            seen, frames = await _watched(runs, world, run)
        assert [e.seq for e in seen] == list(range(1, len(seen) + 1))
        assert seen[-1].event.type == "run.finished"
        assert frames
        view = await runs.view(world.ada, run.project_id)
        assert [(v.number, v.verified) for v in view.versions] == [(1, True)]
        assert (await web.run(world.ada, run.id)).status is RunStatus.SUCCEEDED
        assert "app/page1.tsx" in await web.tree(world.ada, run.project_id)

    async def test_stop_pressed_here_ends_the_work_elsewhere(
        self, world: SupabaseWorld, web: SupabaseStore, there: SupabaseStore, tmp_path: Path
    ) -> None:
        workspaces = DiskWorkspaces(tmp_path)
        runs = Runs(web, workspaces)
        run = await runs.start(world.ada, None, "a page")
        async with _working(there, Actor(turns=100, pause_s=0.05), workspaces, tmp_path), asyncio.timeout(60):
            with web.watch(world.ada, run.project_id) as poke:
                while not any(result_of(e.event) for e in await web.entries(world.ada, run.project_id)):
                    await poke.wait(5)
            await runs.cancel(world.ada, run.id)
            await _watched(runs, world, run)
        assert (await web.run(world.ada, run.id)).status is RunStatus.CANCELLED
        assert len(await web.versions(world.ada, run.project_id)) == 1

    async def test_what_waits_here_is_sent_there_and_a_stop_takes_back_what_was_written_there(
        self, world: SupabaseWorld, web: SupabaseStore, there: SupabaseStore, tmp_path: Path
    ) -> None:
        workspaces = DiskWorkspaces(tmp_path)
        runs = Runs(web, workspaces)
        run = await runs.start(world.ada, None, "a page")
        followup, _ = await runs.add_followup(world.ada, run.project_id, "many more", followup_id="waits-here")
        async with _working(there, Slower(turns=1), workspaces, tmp_path), asyncio.timeout(60):
            await _watched(runs, world, run)
            before = (await web.versions(world.ada, run.project_id))[-1].manifest
            with web.watch(world.ada, run.project_id) as poke:
                while await web.tree(world.ada, run.project_id) == before:
                    await poke.wait(5)
            await runs.cancel(world.ada, followup.id, undo=True)
            await _watched(runs, world, await web.run(world.ada, followup.id))
        assert (await web.run(world.ada, followup.id)).status is RunStatus.CANCELLED
        assert await web.tree(world.ada, run.project_id) == before
        assert len(await web.versions(world.ada, run.project_id)) == 2

    async def test_a_worker_whose_network_loses_every_fourth_answer_does_and_writes_everything_once(
        self, world: SupabaseWorld, web: SupabaseStore, there: SupabaseStore, proxy: FaultyProxy, tmp_path: Path
    ) -> None:
        workspaces = DiskWorkspaces(tmp_path)
        runs = Runs(web, workspaces)
        run = await runs.start(world.ada, None, "a page")
        proxy.faults += [None, None, None, Lose()] * 500
        async with _working(there, Actor(turns=3), workspaces, tmp_path), asyncio.timeout(120):
            seen, _ = await _watched(runs, world, run)
        assert sum(entry.event.type == "run.claimed" for entry in seen) == 1
        results = Counter(step for entry in seen if (step := result_of(entry.event)))
        assert set(results.values()) == {1}
        assert len(results) == 3 * 3 + 1
        starts = Counter(e.event.step for e in seen if e.event.type == "step.started")
        assert set(starts.values()) == {1}
        assert sum(e.event.cost_micros for e in seen if isinstance(e.event, ModelFinished)) == 300
        assert (await web.run(world.ada, run.id)).cost_micros == 300
        assert max(Counter(workspaces.executed()).values()) == 1
        assert [v.number for v in await web.versions(world.ada, run.project_id)] == [0, 1]


@contextlib.asynccontextmanager
async def _working(store: SupabaseStore, actor: Actor, workspaces: DiskWorkspaces, root: Path) -> AsyncIterator[None]:
    worker = Worker(store, workspaces, gate, actor, Settings(CODEFLOW_DATA_DIR=root))  # pyright: ignore[reportCallIssue]
    task = asyncio.create_task(worker.serve())
    try:
        yield
    finally:
        worker.stop()
        await task


async def _watched(runs: Runs, world: SupabaseWorld, run: Run) -> tuple[list[Entry], int]:
    """What a page saw until the run was over: the journal, and how many frames."""
    seen: list[Entry] = []
    frames = 0
    async with contextlib.aclosing(runs.watch(world.ada, run.project_id)) as batches:
        async for batch in batches:
            seen += batch.entries
            frames += len(batch.frames)
            if any(entry.event.type == "run.finished" and entry.run_id == run.id for entry in batch.entries):
                break
    return seen, frames
