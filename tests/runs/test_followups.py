"""Prompts that wait for the run under way: sent one after the other, never lost, never sent twice."""

from collections import Counter
from typing import Any

import pytest

from backend.domain import FollowUp, Hold, LimitKind, LimitReached, Run, RunStatus
from backend.runs.service import Runs
from tests.runs.actor import Actor
from tests.runs.stage import USER, Stage, until


class Heard:
    """In the place of the dispatch: whom it was to have a worker started for."""

    def __init__(self) -> None:
        self.ids: list[str | None] = []

    def queued(self, run_id: str | None) -> None:
        self.ids.append(run_id)


async def finished(stage: Stage, run_id: str) -> Run:
    async def sent() -> bool:
        return any(run.id == run_id for run in (await stage.runs.view(USER, project_id)).runs)

    project_id = (await stage.store.projects(USER))[0].id
    await until(sent, timeout_s=60)
    return await stage.over(await stage.store.run(USER, run_id), timeout_s=60)


async def test_follow_ups_become_runs_one_after_the_other_in_the_order_the_person_gave_them(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    ids = []
    for name in ("one", "two", "three"):
        followup, sent = await stage.runs.add_followup(USER, run.project_id, name, followup_id=f"followup-{name}")
        assert sent is None
        ids.append(followup.id)
    await stage.runs.move_followup(USER, ids[2], ids[0])
    await stage.runs.remove_followup(USER, ids[1])
    changed = await stage.runs.change_followup(USER, ids[0], "  one, but better ")
    assert changed.prompt == "one, but better"
    async with stage.working():
        over = await finished(stage, ids[0])
    assert over.status is RunStatus.SUCCEEDED
    view = await stage.view(run)
    assert [(r.id, r.prompt) for r in view.runs[1:]] == [(ids[2], "three"), (ids[0], "one, but better")]
    assert (view.followups, view.held) == ([], None)


async def test_without_anything_to_wait_for_a_follow_up_is_the_run_and_adding_it_again_says_so(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(run)
    for _ in range(2):
        followup, sent = await stage.runs.add_followup(USER, run.project_id, "more", followup_id="chosen-by-page")
        assert sent
        assert (followup.id, sent.id, sent.prompt) == ("chosen-by-page", "chosen-by-page", "more")
    assert [r.id for r in (await stage.view(run)).runs] == [run.id, "chosen-by-page"]


async def test_one_that_the_tier_has_no_room_for_is_refused_as_a_prompt_is_and_does_not_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(run)

    async def refused(*_: Any) -> Run:
        raise LimitReached("That is all for today.", LimitKind.POINTS)

    monkeypatch.setattr(stage.store, "send_followup", refused)
    with pytest.raises(LimitReached):
        await stage.runs.add_followup(USER, run.project_id, "more")
    assert await stage.store.followups(USER, run.project_id) == []


async def test_stop_and_failure_hold_what_waits_until_the_person_sends_it(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    first, _ = await stage.runs.add_followup(USER, run.project_id, "one")
    await stage.runs.add_followup(USER, run.project_id, "two")
    await stage.runs.cancel(USER, run.id)
    third, sent = await stage.runs.add_followup(USER, run.project_id, "three")
    assert sent is None, "what is held before it comes first"
    view = await stage.view(run)
    assert ([f.prompt for f in view.followups], view.held) == (["one", "two", "three"], Hold.STOPPED)
    stage.actor.text = "BROKEN"
    async with stage.working():
        resumed = await stage.runs.send_followup(USER, run.project_id)
        assert resumed
        assert resumed.id == first.id
        assert (await stage.over(resumed)).status is RunStatus.FAILED
        view = await stage.view(run)
        assert ([f.prompt for f in view.followups], view.held) == (["two", "three"], Hold.FAILED)
        stage.actor.text = "export default 1\n"
        assert await stage.runs.send_followup(USER, run.project_id)
        assert (await finished(stage, third.id)).status is RunStatus.SUCCEEDED
    assert (await stage.view(run)).followups == []


async def test_a_death_between_a_runs_end_and_sending_loses_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.runs.start(USER, None, "a page")
    followup, _ = await stage.runs.add_followup(USER, run.project_id, "more")

    async def died() -> list[str]:
        raise OSError("killed here")

    monkeypatch.setattr(stage.store, "send_due_followups", died)
    async with stage.working():
        await stage.over(run)
    assert [f.id for f in await stage.store.followups(USER, run.project_id)] == [followup.id]
    monkeypatch.undo()
    async with stage.working():
        assert (await finished(stage, followup.id)).status is RunStatus.SUCCEEDED


async def test_where_workers_come_and_go_one_is_asked_for_for_each_follow_up_that_was_sent(stage: Stage) -> None:
    heard = Heard()
    runs = Runs(stage.store, stage.workspaces, heard)  # pyright: ignore[reportArgumentType]
    run = await runs.start(USER, None, "a page")
    followup, _ = await runs.add_followup(USER, run.project_id, "more")
    assert heard.ids == [run.id]
    worker = stage.worker()
    worker._queued = heard.queued
    assert await worker.run_one(run.id)
    assert heard.ids == [run.id, followup.id]
    assert await worker.run_one(followup.id)
    later, sent = await runs.add_followup(USER, run.project_id, "and more")
    assert sent
    assert heard.ids == [run.id, followup.id, later.id]


async def test_many_pages_and_workers_at_once_send_each_follow_up_once(stage: Stage) -> None:
    stage.actor = Actor(turns=1)
    run = await stage.runs.start(USER, None, "a page")
    added: list[FollowUp] = []
    async with stage.working(), stage.working():
        for n in range(6):
            followup, _ = await stage.runs.add_followup(USER, run.project_id, f"change {n}")
            added.append(followup)
        for followup in added:
            assert (await finished(stage, followup.id)).status is RunStatus.SUCCEEDED
    told = [r.id for r in (await stage.view(run)).runs]
    assert told == [run.id, *(f.id for f in added)]
    assert max(Counter(told).values()) == 1
