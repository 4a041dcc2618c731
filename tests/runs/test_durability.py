"""Workers die, stall, lose their sandbox or are stopped anywhere: the run goes on, and no step is done twice."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from backend.domain import FailureCode, LeaseLost, RunStatus
from backend.events import (
    CancelRequested,
    RunClaimed,
    RunFinished,
    SandboxBooting,
    SandboxClosed,
    SandboxReady,
    VersionCommitted,
)
from backend.runs.job import Job
from backend.runs.journal import RunJournal, result_of
from backend.workspace import SandboxLost, SandboxUnavailable
from backend.workspace.contract import Workspace
from tests.runs.actor import Actor
from tests.runs.stage import USER, Stage, staged, until
from tests.store.sqlite_world import leave_room

WORKER_PROCESS = Path(__file__).with_name("worker_process.py")


async def results(stage: Stage, run) -> list[str]:
    """The keys of the steps whose results are in the journal."""
    return [step for e in await stage.entries(run) if (step := result_of(e.event))]


@pytest.mark.parametrize("steps_before_the_kill", [0, 2, 7])
async def test_a_killed_worker_process_is_replaced_and_no_step_is_done_twice(
    tmp_path: Path, steps_before_the_kill: int
) -> None:
    async with staged(tmp_path, lease_s=1.0) as stage:
        run = await stage.runs.start(USER, None, "a page for my cat")
        first = await asyncio.create_subprocess_exec(sys.executable, str(WORKER_PROCESS), str(tmp_path))
        try:

            async def got_so_far() -> bool:
                claimed = any(isinstance(e.event, RunClaimed) for e in await stage.entries(run))
                return claimed and len(await results(stage, run)) >= steps_before_the_kill

            await until(got_so_far, timeout_s=30)
        finally:
            first.send_signal(signal.SIGKILL)
            await first.wait()
        before = await results(stage, run)
        stage.actor.turns = 4
        async with stage.working():
            over = await stage.over(run)
        assert over.status is RunStatus.SUCCEEDED
        assert over.attempt == 2
        after = await results(stage, run)
        assert after[: len(before)] == before
        assert len(after) == 4 * 3 + 1
        assert max(Counter(after).values()) == 1
        assert max(Counter(stage.workspaces.executed()).values()) == 1, "no command was carried out twice"
        assert over.cost_micros == 400, "no model call was paid twice"
        view = await stage.view(run)
        assert [v.number for v in view.versions] == [1]
        assert {s.state for s in view.runs[0].steps} == {"done"}


async def test_a_worker_that_stalls_past_its_lease_writes_nothing_more(tmp_path: Path) -> None:
    async with staged(tmp_path, lease_s=0.3) as stage:
        run = await stage.runs.start(USER, None, "a page")
        claimed = await stage.store.claim_run("zombie", 0.3)
        assert claimed
        zombie = await RunJournal.open(stage.store, *claimed)
        await asyncio.sleep(0.4)
        async with stage.working():
            await stage.over(run)
        entries = await stage.entries(run)
        actor = Actor(turns=1)
        workspace = await stage.workspaces.open(run.project_id, None, {})
        job = Job(
            stage.store, stage.workspaces, stage.worker()._gate, actor, stage.settings, *claimed[:2], zombie, claimed[2]
        )
        with pytest.raises(LeaseLost):
            await actor._write(job, workspace, "tool:9:0", "app/zombie.tsx")
        assert await stage.entries(run) == entries
        assert "app/zombie.tsx" not in await stage.store.tree(USER, run.project_id)


async def test_two_workers_on_one_queue_do_every_run_once(stage: Stage) -> None:
    runs = [await stage.runs.start(USER, None, f"page {n}") for n in range(12)]
    async with stage.working(slots=3), stage.working(slots=3):
        for run in runs:
            assert (await stage.over(run)).status is RunStatus.SUCCEEDED
    for run in runs:
        assert (await stage.store.run(USER, run.id)).attempt == 1
    assert max(Counter(await results(stage, runs[0])).values()) == 1
    assert len(stage.workspaces.executed()) == 12 * 3


async def test_stop_ends_a_run_keeps_what_it_wrote_and_commits_nothing(stage: Stage) -> None:
    stage.actor = Actor(turns=3, pause_s=0.05)
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():

        async def wrote_a_file() -> bool:
            return "tool:0:0" in await results(stage, run)

        await until(wrote_a_file)
        await stage.runs.cancel(USER, run.id)
        over = await stage.over(run)
    assert over.status is RunStatus.CANCELLED
    events = [e.event for e in await stage.entries(run)]
    assert [type(e) for e in events if isinstance(e, CancelRequested | RunFinished)] == [CancelRequested, RunFinished]
    assert not any(isinstance(e, VersionCommitted) for e in events)
    assert "app/page0.tsx" in await stage.store.tree(USER, run.project_id)
    view = await stage.view(run)
    assert view.preview.state == "ready"
    assert not any(s.state == "running" for s in view.runs[0].steps)


async def test_a_stopped_worker_hands_its_run_back_at_once(tmp_path: Path) -> None:
    async with staged(tmp_path, lease_s=60) as stage:
        stage.actor = Actor(turns=3, pause_s=0.05)
        run = await stage.runs.start(USER, None, "a page")
        async with stage.working():

            async def wrote_a_file() -> bool:
                return "tool:0:0" in await results(stage, run)

            await until(wrote_a_file)
        assert (await stage.store.run(USER, run.id)).status is RunStatus.QUEUED
        async with stage.working():
            over = await stage.over(run, timeout_s=10)
        assert (over.status, over.attempt) == (RunStatus.SUCCEEDED, 2)
        assert max(Counter(await results(stage, run)).values()) == 1


async def test_sigterm_makes_a_worker_process_hand_its_run_back(tmp_path: Path) -> None:
    async with staged(tmp_path, lease_s=60) as stage:
        run = await stage.runs.start(USER, None, "a page")
        process = await asyncio.create_subprocess_exec(sys.executable, str(WORKER_PROCESS), str(tmp_path))

        async def got_so_far() -> bool:
            return len(await results(stage, run)) >= 1

        await until(got_so_far, timeout_s=30)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert (await stage.store.run(USER, run.id)).status is RunStatus.QUEUED


async def test_a_process_for_one_run_waits_out_a_dead_predecessor(tmp_path: Path) -> None:
    async with staged(tmp_path, lease_s=0.5) as stage:
        run = await stage.runs.start(USER, None, "a page")
        assert await stage.store.claim_run("dead", 0.5, run.id)
        worker = stage.worker()
        async with asyncio.timeout(10):
            await worker.run_one(run.id)
        over = await stage.store.run(USER, run.id)
        assert (over.status, over.attempt) == (RunStatus.SUCCEEDED, 2)


async def test_a_run_that_no_worker_survives_is_ended(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        run = await stage.runs.start(USER, None, "a page")
        for _ in range(8):
            claimed = await stage.store.claim_run("doomed", 15)
            assert claimed
            await stage.store.release_lease(claimed[2])
        async with stage.working():
            over = await stage.over(run)
        assert over.status is RunStatus.FAILED
        failure = (await stage.view(run)).runs[0].failure
        assert failure
        assert "interrupted 8 times" in failure.message


class LosesItsSandbox(Actor):
    """Kills the sandbox under its own feet, so many times."""

    losses = 1
    stage: Stage

    async def _run(self, job: Job, workspace: Workspace, step: str, command: str) -> None:
        if self.losses:
            self.losses -= 1
            await self.stage.workspaces.kill(workspace.sandbox_id)
            raise SandboxLost("The sandbox is gone.")
        await super()._run(job, workspace, step, command)


async def test_a_lost_sandbox_is_replaced_with_its_files_and_the_run_goes_on(stage: Stage) -> None:
    stage.actor = actor = LosesItsSandbox(turns=2)
    actor.stage = stage
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        over = await stage.over(run)
    assert over.status is RunStatus.SUCCEEDED
    told = [e.event for e in await stage.entries(run)]
    said = [e for e in told if isinstance(e, SandboxBooting | SandboxReady | SandboxClosed)]
    assert [type(e) for e in said] == [SandboxBooting, SandboxReady, SandboxClosed, SandboxBooting, SandboxReady]
    assert [e.reason for e in said if isinstance(e, SandboxBooting)] == ["new", "lost"]
    assert stage.workspaces.opened[1].files["app/page0.tsx"] == b"export default 1\n"
    assert max(Counter(await results(stage, run)).values()) == 1
    assert (await stage.view(run)).preview.state == "ready"


async def test_a_sandbox_that_is_lost_again_and_again_ends_the_run(stage: Stage) -> None:
    stage.actor = actor = LosesItsSandbox(turns=2)
    actor.stage, actor.losses = stage, 99
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        over = await stage.over(run)
    assert over.status is RunStatus.FAILED
    view = await stage.view(run)
    assert view.runs[0].failure
    assert view.runs[0].failure.code is FailureCode.SANDBOX
    assert view.preview.state == "off"


async def test_a_run_without_any_sandbox_to_be_had_says_why(stage: Stage) -> None:
    def refuse() -> None:
        raise SandboxUnavailable("There is no sandbox host. Run `codeflow doctor`.")

    stage.workspaces.before_open = refuse
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        assert (await stage.over(run)).status is RunStatus.FAILED
    view = await stage.view(run)
    assert view.runs[0].failure
    assert "no sandbox host" in view.runs[0].failure.message
    assert view.preview.state == "off", "a preview that was announced is called off"


async def test_a_full_disk_ends_the_run_with_the_reason_and_keeps_what_was_there(stage: Stage) -> None:
    stage.actor.text = "x" * 900_000
    run = await stage.runs.start(USER, None, "a page")
    files = await stage.store.tree(USER, run.project_id)
    leave_room(stage.store, 30)
    async with stage.working():
        assert (await stage.over(run)).status is RunStatus.FAILED
        failure = (await stage.view(run)).runs[0].failure
        assert failure
        assert "no room left on the disk" in failure.message
        assert await stage.store.tree(USER, run.project_id) == files
        leave_room(stage.store, 1_000_000)
        again = await stage.runs.start(USER, run.project_id, "a page")
        assert (await stage.over(again)).status is RunStatus.SUCCEEDED


async def test_a_defect_in_the_work_ends_the_run_and_not_the_worker(stage: Stage) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a defect")

    stage.workspaces.before_open = fail
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working(slots=1):
        assert (await stage.over(run)).status is RunStatus.FAILED
        stage.workspaces.before_open = lambda: None
        again = await stage.runs.start(USER, run.project_id, "a page")
        assert (await stage.over(again)).status is RunStatus.SUCCEEDED
    failure = (await stage.view(run)).runs[0].failure
    assert failure
    assert failure.code is FailureCode.INTERNAL
