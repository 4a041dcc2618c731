"""Undo takes back what the stopped run wrote, and nothing else; where it cannot, the run ends all the same."""

import asyncio

import pytest

from backend.agent.journal import BASE_STEP
from backend.domain import LeaseLost, RunStatus
from backend.events import ToolFinished
from backend.runs.job import Job
from tests.runs.actor import Actor
from tests.runs.stage import USER, Stage, until
from tests.runs.test_stopping import Stuck, built, stuck, undone


async def left_behind(stage: Stage, project_id: str) -> dict[str, str]:
    """The project's files after a stopped run has left there what it wrote, with no version of it."""
    run, actor = await stuck(stage, project_id)
    actor.turns = 2
    async with stage.working():
        await actor.wrote.wait()
        await stage.runs.cancel(USER, run.id)
        await stage.over(run, timeout_s=60)
    return await stage.store.tree(USER, project_id)


async def test_what_earlier_runs_left_without_a_version_stays(stage: Stage) -> None:
    project_id = (await built(stage)).project_id
    before = await left_behind(stage, project_id)
    run, actor = await stuck(stage, project_id)
    actor.text, actor.turns = "other\n", 4
    async with stage.working():
        await actor.wrote.wait()
        await stage.runs.cancel(USER, run.id, undo=True)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, project_id) == before
    (step,) = await undone(stage, run)
    assert [c.path for c in step.changes] == [f"app/page{n}.tsx" for n in range(4)]
    app = stage.workspaces.root / stage.workspaces.opened[-1].sandbox_id / "app/app"
    assert [(app / f"page{n}.tsx").read_text() for n in (0, 1)] == ["half done\n"] * 2
    assert not (app / "page3.tsx").exists()


async def test_a_run_that_changed_nothing_takes_nothing_back(stage: Stage) -> None:
    project_id = (await built(stage)).project_id
    before = await left_behind(stage, project_id)
    run, actor = await stuck(stage, project_id)
    actor.turns = 0
    async with stage.working():
        await actor.wrote.wait()
        await stage.runs.cancel(USER, run.id, undo=True)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, project_id) == before
    (step,) = await undone(stage, run)
    assert step.changes == []


async def test_of_a_prompt_sent_again_what_it_starts_from_is_taken_back_too(stage: Stage) -> None:
    project_id = (await built(stage)).project_id
    stage.actor = Actor(turns=4, text="two\n")
    second = await stage.runs.start(USER, project_id, "a blue page")
    async with stage.working():
        await stage.over(second)
    before = await left_behind(stage, project_id)
    stage.actor = actor = Stuck()
    stage.agent, actor.text = actor, "green\n"
    again = await stage.runs.start(USER, project_id, "a green page", resends=second.id)
    async with stage.working():
        await actor.wrote.wait()
        events = [e.event for e in await stage.entries(again)]
        assert any(isinstance(e, ToolFinished) and e.step == BASE_STEP and e.changes for e in events)
        await stage.runs.cancel(USER, again.id, undo=True)
        assert (await stage.over(again, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, project_id) == before


async def test_undo_after_the_runs_version_was_made_comes_too_late(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, reached = stage.store.finish_run, asyncio.Event()

    async def slow(lease, event):
        if not reached.is_set():
            reached.set()
            await asyncio.Event().wait()
        return await finish(lease, event)

    monkeypatch.setattr(stage.store, "finish_run", slow)
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        async with asyncio.timeout(60):
            await reached.wait()
        await stage.runs.cancel(USER, run.id, undo=True)
        await stage.over(run, timeout_s=60)
    head = await stage.store.version(USER, (await stage.store.project(USER, run.project_id)).head_id)
    assert head.run_id == run.id
    assert await stage.store.tree(USER, run.project_id) == head.manifest
    assert await undone(stage, run) == []


async def test_undo_that_fails_ends_the_run_and_keeps_what_it_wrote(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(job: Job) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("backend.runs.worker.take_back", fail)
    run, actor = await stuck(stage)
    async with stage.working():
        await actor.wrote.wait()
        before = await stage.store.tree(USER, run.project_id)
        await stage.runs.cancel(USER, run.id, undo=True)
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED
    assert await stage.store.tree(USER, run.project_id) == before
    assert "app/page0.tsx" in before


async def test_undo_that_no_worker_survives_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lose(job: Job) -> None:
        raise LeaseLost("its worker dies of it")

    monkeypatch.setattr("backend.runs.worker.take_back", lose)
    run = await stage.runs.start(USER, None, "a page")
    for _ in range(8):
        claimed = await stage.store.claim_run("doomed", 15)
        assert claimed
        await stage.runs.cancel(USER, run.id, undo=True)
        await stage.store.release_lease(claimed[2])
    async with stage.working():
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED


async def test_where_workers_are_processes_a_stopped_run_is_over_when_its_work_has_let_go(stage: Stage) -> None:
    """The project's next run may begin in another process, which does not know of the work that still lets go."""
    stage.settings = stage.settings.model_copy(
        update={"supabase_url": "https://ref.supabase.co", "supabase_publishable_key": "key"}
    )
    run, actor = await stuck(stage)
    actor.lets_go.clear()
    async with stage.working():
        await actor.wrote.wait()
        await stage.runs.cancel(USER, run.id)
        await actor.left.wait()
        await asyncio.sleep(0.4)
        assert not (await stage.store.run(USER, run.id)).status.over
        actor.lets_go.set()
        assert (await stage.over(run, timeout_s=60)).status is RunStatus.CANCELLED


async def test_work_that_has_let_go_hides_no_other_that_has_not(stage: Stage) -> None:
    worker = stage.worker()
    run = await stage.runs.start(USER, None, "a page")
    ends = [asyncio.Event(), asyncio.Event()]

    async def work(end: asyncio.Event) -> bool:
        return await end.wait()

    first, second = (asyncio.create_task(work(end)) for end in ends)
    assert await worker._left(first, run)
    assert await worker._left(second, run)
    ends[0].set()
    await first

    async def gone() -> bool:
        return first not in worker._leaving

    await until(gone, timeout_s=60)
    assert second in worker._leaving
    ends[1].set()
    await second
