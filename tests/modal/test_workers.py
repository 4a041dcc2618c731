"""Containers come and go, twice or not at all; a run is done once, and goes on where it stopped."""

import asyncio
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from e2b import AsyncSandbox

from backend.domain import Run, RunStatus
from backend.events import RunClaimed, RunFinished
from backend.runs.journal import result_of
from backend.runs.service import Runs
from backend.workspace.e2b import E2BWorkspaces, SandboxService
from modal_app import Queued, dispatch, reap, run_agent
from tests.modal.conftest import Spawned
from tests.runs.disk import DiskWorkspaces
from tests.runs.stage import until
from tests.store.supabase_world import OnSupabase, SupabaseWorld
from tests.store.world import finished

CONTAINER = Path(__file__).with_name("container.py")
ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("container")
class TestQueue(OnSupabase):
    async def test_a_dispatched_run_gets_a_worker_and_a_lost_dispatch_is_found_by_the_reaper(
        self, world: SupabaseWorld, spawned: Spawned
    ) -> None:
        told, lost = [await world.queued(run_id=run_id) for run_id in ("told", "lost")]
        await dispatch.local(Queued(run_id=told.id))
        assert spawned.runs == ["told"]
        assert await world.store.claim_run("its worker", 15, told.id)
        assert await reap.local() == [lost.id]
        assert spawned.runs == ["told", "lost"]

    async def test_the_run_of_a_dead_worker_gets_another_one_when_its_lease_has_run_out(
        self, world: SupabaseWorld, spawned: Spawned
    ) -> None:
        run, _ = await world.claimed()
        assert await reap.local() == []
        world.let_pass(20)
        assert await reap.local() == [run.id]

    async def test_a_follow_up_whose_worker_died_before_it_sent_it_is_sent_by_the_reaper(
        self, world: SupabaseWorld, spawned: Spawned
    ) -> None:
        run, lease = await world.claimed()
        await world.store.add_followup(world.ada, run.project_id, "later", "and more")
        await world.store.finish_run(lease, finished())
        assert await reap.local() == ["later"]
        assert spawned.runs == ["later"]

    async def test_a_worker_too_many_leaves_a_living_ones_run_alone(
        self, world: SupabaseWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = await world.queued()
        claimed = await world.store.claim_run("alive", 3600)
        assert claimed
        monkeypatch.setenv("CODEFLOW_LEASE", "0.1")
        await run_agent.local(run.id)
        assert (await world.store.leased_run(claimed[2])).attempt == 1

    async def test_a_dead_workers_lease_is_waited_out_and_an_e2b_that_does_not_answer_ends_the_run_in_words(
        self, world: SupabaseWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = await world.queued()
        assert await world.store.claim_run("dead", 1, run.id)
        monkeypatch.setenv("CODEFLOW_LEASE", "5")
        await run_agent.local(run.id)
        over = await world.store.run(world.ada, run.id)
        assert (over.status, over.attempt) == (RunStatus.FAILED, 2)
        last = (await world.events(run))[-1]
        assert isinstance(last, RunFinished)
        assert last.failure
        assert "does not answer" in last.failure.message

    async def test_a_worker_for_a_run_that_is_over_or_gone_has_nothing_to_do(self, world: SupabaseWorld) -> None:
        run = await world.queued()
        await world.store.cancel_run(world.ada, run.id)
        await run_agent.local(run.id)
        assert [e.type for e in await world.events(run)] == ["run.queued", "run.finished"]
        await run_agent.local("never-was")


@pytest.mark.sandbox
@pytest.mark.usefixtures("container")
class TestRuns(OnSupabase):
    @pytest.fixture(autouse=True)
    def sandboxes(self, container: None, service: SandboxService, monkeypatch: pytest.MonkeyPatch) -> None:
        """The embedded host in E2B's place."""
        assert service.api_url
        assert service.domain
        monkeypatch.setenv("E2B_API_KEY", service.api_key)
        monkeypatch.setenv("E2B_API_URL", service.api_url)
        monkeypatch.setenv("E2B_DOMAIN", service.domain)

    async def test_a_run_goes_on_when_its_container_is_stopped_and_when_the_next_is_of_another_version_and_preempted(
        self, world: SupabaseWorld, spawned: Spawned, service: SandboxService, tmp_path: Path
    ) -> None:
        runs = Runs(world.store, DiskWorkspaces(tmp_path))
        run = await runs.start(world.ada, None, "a kanban board for a small team")
        redeployed = another_version(tmp_path / "redeployed") / CONTAINER.relative_to(ROOT)
        for code, told_to_end, more in ((CONTAINER, signal.SIGTERM, 1), (redeployed, signal.SIGINT, 2)):
            steps = len(await _results(world, run)) + more
            # Typing slowly, it is not done before it is stopped.
            slowly = {**os.environ, "CODEFLOW_DEMO_PACE": "0.5"}
            container = await asyncio.create_subprocess_exec(sys.executable, str(code), run.id, env=slowly)
            await until(lambda steps=steps: _has_done(world, run, steps), timeout_s=90)
            container.send_signal(told_to_end)
            assert await asyncio.wait_for(container.wait(), 60) != 0, "a success would be the end of it for Modal"
            assert (await world.store.run(world.ada, run.id)).status is RunStatus.QUEUED
        before = await _results(world, run)
        assert await reap.local() == [run.id]

        await run_agent.local(run.id)

        over = await world.store.run(world.ada, run.id)
        assert (over.status, over.attempt) == (RunStatus.SUCCEEDED, 3)
        after = await _results(world, run)
        assert after[: len(before)] == before
        assert max(Counter(after).values()) == 1
        [_, version] = await world.store.versions(world.ada, run.project_id)
        assert version.verified
        project = await world.store.project(world.ada, run.project_id)
        assert project.sandbox_id
        assert await E2BWorkspaces(service).alive(project.sandbox_id)

        twice = await runs.wake(world.ada, run.project_id)
        later, _ = await runs.add_followup(world.ada, run.project_id, "make it green")
        await asyncio.gather(run_agent.local(twice.id), run_agent.local(twice.id))
        assert spawned.runs == [run.id, later.id], "one was asked for for what follows"
        await runs.cancel(world.ada, later.id)
        events = [e.event for e in await world.store.entries(world.ada, run.project_id) if e.run_id == twice.id]
        assert sum(isinstance(e, RunClaimed) for e in events) == 1
        assert (await world.store.run(world.ada, twice.id)).status is RunStatus.SUCCEEDED

        # Nobody came back for a week: what paused when nobody looked is ended.
        await AsyncSandbox.pause(project.sandbox_id, **service.params)
        world.let_pass(8 * 24 * 3600)
        await reap.local()
        assert not await E2BWorkspaces(service).alive(project.sandbox_id)


def another_version(target: Path) -> Path:
    """The code as a later deployment may have it: agents are told something else."""
    for part in ("backend", "prompts", "template", "tests/modal"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".next")
        shutil.copytree(ROOT / part, target / part, ignore=ignored)
    shutil.copy(ROOT / "modal_app.py", target)
    coder = target / "prompts" / "coder.md"
    coder.write_text(f"{coder.read_text()}\nBe brief.\n")
    return target


async def _results(world: SupabaseWorld, run: Run) -> list[str]:
    """The keys of the steps whose results are in the journal."""
    entries = await world.store.entries(world.ada, run.project_id)
    return [step for e in entries if e.run_id == run.id and (step := result_of(e.event))]


async def _has_done(world: SupabaseWorld, run: Run, steps: int) -> bool:
    return len(await _results(world, run)) >= steps
