"""Stop: at once, whatever the work is doing. What was written stays, or is taken back, as the person chooses."""

import asyncio

import pytest

from backend.agent.journal import UNDO_STEP
from backend.domain import FileStatus, Run, RunStatus
from backend.events import CancelRequested, ModelFinished, RunFinished, ToolFinished
from backend.runs.job import Job
from backend.workspace import SandboxLost
from backend.workspace.contract import Workspace
from tests.runs.actor import Actor
from tests.runs.stage import USER, Stage, until


class Stuck(Actor):
    """Writes a page, and then waits for a model that never answers."""

    def __init__(self) -> None:
        super().__init__(turns=1)
        self.wrote = asyncio.Event()
        self.left = asyncio.Event()
        self.lets_go = asyncio.Event()
        self.lets_go.set()
        self.stuck = True

    async def _check(self, job: Job, workspace: Workspace):
        if not self.stuck:
            return await super()._check(job, workspace)
        self.wrote.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()
            await self.lets_go.wait()
        raise AssertionError


async def stuck(stage: Stage, project_id: str | None = None) -> tuple[Run, Stuck]:
    """A run that writes `app/page0.tsx` and never ends by itself. Call it before a worker works."""
    stage.actor = actor = Stuck()
    actor.text = "half done\n"
    stage.agent = actor
    run = await stage.runs.start(USER, project_id, "a page")
    return run, actor


async def undone(stage: Stage, run: Run) -> list[ToolFinished]:
    events = [e.event for e in await stage.entries(run)]
    return [event for event in events if isinstance(event, ToolFinished) and event.step == UNDO_STEP]


async def built(stage: Stage) -> Run:
    run = await stage.runs.start(USER, None, "a page for my cat")
    async with stage.working():
        await stage.over(run)
    return run


async def test_stop_with_undo_takes_back_what_the_run_wrote_here_and_in_the_sandbox(stage: Stage) -> None:
    first = await built(stage)
    head = await stage.store.version(USER, (await stage.store.project(USER, first.project_id)).head_id)
    run, actor = await stuck(stage, first.project_id)
    async with stage.working():
        await actor.wrote.wait()
        assert await stage.store.tree(USER, run.project_id) != head.manifest
        await stage.runs.cancel(USER, run.id, undo=True)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, run.project_id) == head.manifest
    (step,) = await undone(stage, run)
    assert [(c.path, c.status) for c in step.changes] == [("app/page0.tsx", FileStatus.MODIFIED)]
    sandbox = stage.workspaces.opened[-1]
    assert (stage.workspaces.root / sandbox.sandbox_id / "app/app/page0.tsx").read_text() == "export default 1\n"
    ends = [e.event for e in await stage.entries(run) if isinstance(e.event, CancelRequested | RunFinished)]
    assert [type(event) for event in ends] == [CancelRequested, RunFinished]
    assert ends[0] == CancelRequested(undo=True)
    view = await stage.view(run)
    assert not any(step.state == "running" for step in view.runs[-1].steps)


async def test_undo_needs_no_sandbox(stage: Stage) -> None:
    first = await built(stage)
    before = await stage.store.tree(USER, first.project_id)
    run, actor = await stuck(stage, first.project_id)
    async with stage.working():
        await actor.wrote.wait()
        await stage.workspaces.kill(stage.workspaces.opened[-1].sandbox_id)
        opened = len(stage.workspaces.opened)
        await stage.runs.cancel(USER, run.id, undo=True)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, run.project_id) == before
    assert len(stage.workspaces.opened) == opened, "no new one is opened for it"


async def test_undo_does_not_fail_with_the_sandbox(stage: Stage) -> None:
    first = await built(stage)
    before = await stage.store.tree(USER, first.project_id)
    run, actor = await stuck(stage, first.project_id)

    def refuse() -> None:
        raise SandboxLost("The sandbox does not answer.")

    async with stage.working():
        await actor.wrote.wait()
        stage.workspaces.before_open = refuse
        await stage.runs.cancel(USER, run.id, undo=True)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, run.project_id) == before


@pytest.mark.parametrize("reached", ["the worker", "nobody"])
async def test_a_worker_that_dies_before_it_took_the_files_back_leaves_that_to_the_next(
    stage: Stage, reached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await built(stage)
    before = await stage.store.tree(USER, first.project_id)
    run, actor = await stuck(stage, first.project_id)
    async with stage.working() as worker:
        await actor.wrote.wait()
        if reached == "the worker":
            taking = asyncio.Event()

            async def hang(*_: object) -> None:
                taking.set()
                await asyncio.Event().wait()

            monkeypatch.setattr("backend.runs.worker.take_back", hang)
            await stage.runs.cancel(USER, run.id, undo=True)
            async with asyncio.timeout(60):
                await taking.wait()
        worker.stop()
    monkeypatch.undo()
    assert await stage.store.tree(USER, run.project_id) != before
    await stage.runs.cancel(USER, run.id, undo=True)
    assert not (await stage.store.run(USER, run.id)).status.over
    async with stage.working():
        over = await stage.over(run, timeout_s=60)
    assert (over.status, over.attempt) == (RunStatus.CANCELLED, 2)
    assert await stage.store.tree(USER, run.project_id) == before
    assert len(await undone(stage, run)) == 1


async def test_one_may_think_better_of_it_and_have_the_files_taken_back_too(stage: Stage) -> None:
    first = await built(stage)
    before = await stage.store.tree(USER, first.project_id)
    run, actor = await stuck(stage, first.project_id)
    actor.lets_go.clear()
    async with stage.working():
        await actor.wrote.wait()
        await stage.runs.cancel(USER, run.id)
        await actor.left.wait()
        await stage.runs.cancel(USER, run.id, undo=True)
        actor.lets_go.set()
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, run.project_id) == before


async def test_work_that_is_slow_to_let_go_keeps_neither_the_person_waiting_nor_writes_beside_the_next_run(
    stage: Stage,
) -> None:
    run, actor = await stuck(stage)
    actor.lets_go.clear()
    async with stage.working():
        await actor.wrote.wait()
        await stage.runs.cancel(USER, run.id)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
        assert actor.left.is_set()
        again = await stage.runs.start(USER, run.project_id, "another page")

        async def claimed() -> bool:
            return (await stage.store.run(USER, again.id)).status is RunStatus.RUNNING

        await until(claimed, timeout_s=60)
        opened = len(stage.workspaces.opened)
        await asyncio.sleep(0.05)
        assert len(stage.workspaces.opened) == opened
        actor.stuck = False
        actor.lets_go.set()
        assert (await stage.over(again, timeout_s=60)).status is RunStatus.SUCCEEDED
    assert len([e for e in await stage.entries(run) if isinstance(e.event, RunFinished)]) == 1


async def test_the_end_counts_what_was_written_while_it_was_stopped(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that is broken off may have reached the store: what it cost is not forgotten."""
    append, reached, broken_off = stage.store.append, asyncio.Event(), asyncio.Event()

    async def slow(lease, events, **more):
        entries = await append(lease, events, **more)
        if any(isinstance(event, ModelFinished) for event in events):
            reached.set()
            await broken_off.wait()
        return entries

    monkeypatch.setattr(stage.store, "append", slow)
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        async with asyncio.timeout(60):
            await reached.wait()
        await stage.runs.cancel(USER, run.id)
        over = await stage.over(run, timeout_s=60)
    assert over.cost_micros == 100
    assert (await stage.view(run)).runs[0].cost_micros == 100
