"""A preview comes back whatever became of its sandbox, once however many ask, and for nothing."""

import asyncio
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain import FailureCode, Project, Run, RunKind, RunStatus
from backend.events import (
    Entry,
    Event,
    LogLines,
    ModelFinished,
    RunClaimed,
    RunFinished,
    RunQueued,
    SandboxBooting,
    SandboxClosed,
    SandboxReady,
    StepStarted,
    sandbox_seconds,
)
from backend.runs import sandbox
from backend.runs.job import Job
from backend.runs.reaper import Reaper
from backend.workspace import SandboxUnavailable
from backend.workspace.contract import Workspace
from tests.runs.stage import USER, Stage


async def built(stage: Stage) -> Project:
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(run)
    return await stage.store.project(USER, run.project_id)


async def woken(stage: Stage, project: Project) -> Run:
    wake = await stage.runs.wake(USER, project.id)
    async with stage.working():
        return await stage.over(wake)


@pytest.mark.parametrize("fate", ["killed", "cleared", "expired", "paused", "all data lost", "host at another port"])
async def test_a_preview_comes_back_from_the_head_version_whatever_became_of_its_sandbox(
    stage: Stage, fate: str
) -> None:
    project = await built(stage)
    assert project.sandbox_id
    match fate:
        case "killed":
            await stage.workspaces.kill(project.sandbox_id)
        case "cleared" | "host at another port":
            await stage.store.clear_preview(project.id, project.sandbox_id)
        case "expired":
            stage.workspaces.pause(project.sandbox_id)
            stage.store._clock = lambda: time.time() + 1000
            await Reaper(stage.store, stage.workspaces, keep_s=900).round()
        case "paused":
            stage.workspaces.pause(project.sandbox_id)
        case "all data lost":
            shutil.rmtree(stage.workspaces.root)
            await Reaper(stage.store, stage.workspaces, keep_s=900).round()
    assert (await woken(stage, project)).status is RunStatus.SUCCEEDED
    now = await stage.store.project(USER, project.id)
    assert now.sandbox_id
    assert (now.sandbox_id == project.sandbox_id) is (fate == "paused")
    tree = await stage.store.tree(USER, project.id)
    app = stage.workspaces.root / now.sandbox_id / "app"
    assert {path.relative_to(app).as_posix() for path in app.rglob("*") if path.is_file()} == tree.keys()
    view = await stage.runs.view(USER, project.id)
    assert (view.preview.state, view.preview.url) == ("ready", now.preview_url)
    assert len(view.versions) == 1


async def test_pages_that_wake_a_preview_at_once_get_one_run_and_one_sandbox(stage: Stage) -> None:
    project = await built(stage)
    shutil.rmtree(stage.workspaces.root)
    wakes = await asyncio.gather(*(stage.runs.wake(USER, project.id) for _ in range(5)))
    assert len({wake.id for wake in wakes}) == 1
    async with stage.working():
        await stage.over(wakes[0])
    assert len(await stage.workspaces.sandboxes()) == 1


async def test_a_page_that_comes_second_gets_the_run_of_the_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = await built(stage)
    first = await stage.runs.wake(USER, project.id)
    known, asked = stage.store.active_run, 0

    async def not_seen_yet(user, project_id: str) -> Run | None:
        nonlocal asked
        asked += 1
        return None if asked == 1 else await known(user, project_id)

    monkeypatch.setattr(stage.store, "active_run", not_seen_yet)
    assert (await stage.runs.wake(USER, project.id)).id == first.id


async def test_a_wake_that_fails_says_why_is_charged_nothing_and_can_be_asked_for_again(stage: Stage) -> None:
    project = await built(stage)
    shutil.rmtree(stage.workspaces.root)
    before = await stage.store.usage(USER)

    def refuse() -> None:
        raise SandboxUnavailable("The sandbox service has no room right now. Try again in a minute.")

    stage.workspaces.before_open = refuse
    failed = await woken(stage, project)
    view = await stage.runs.view(USER, project.id)
    assert (failed.kind, failed.status) == (RunKind.WAKE, RunStatus.FAILED)
    failure = view.runs[-1].failure
    assert failure
    assert failure.code is FailureCode.SANDBOX
    assert "no room right now" in failure.message
    assert view.preview.state == "off"
    stage.workspaces.before_open = lambda: None
    assert (await woken(stage, project)).status is RunStatus.SUCCEEDED
    assert (await stage.runs.view(USER, project.id)).preview.state == "ready"
    assert (await stage.store.usage(USER)).points_used == before.points_used


async def test_a_sandbox_is_kept_awake_while_its_run_works_however_quietly(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "KEEP_S", 0.01)
    monkeypatch.setattr(sandbox, "MAX_LOG_LINES", 0)
    think = stage.actor

    async def ponder(job: Job, workspace: Workspace):
        while len(stage.workspaces.kept) < 2:
            await asyncio.sleep(0.005)
        return await think(job, workspace)

    stage.agent = ponder
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        over = await stage.over(run)
        kept = len(stage.workspaces.kept)
        await asyncio.sleep(0.1)
    assert len(stage.workspaces.kept) == kept, "nobody keeps it for a run that is over"
    assert over.sandbox_s > 0
    assert (await stage.view(run)).runs[0].sandbox_s == over.sandbox_s


def journal(*facts: tuple[float, Event]) -> list[Entry]:
    began = datetime(2026, 11, 22, tzinfo=UTC)
    return [Entry(seq=n, run_id="r", at=began + timedelta(seconds=at), event=e) for n, (at, e) in enumerate(facts, 1)]


QUEUED = RunQueued(kind=RunKind.PROMPT, prompt="x")
READY = SandboxReady(sandbox_id="s", preview_url="u", duration_ms=1)
STEP = StepStarted(step="model:0", kind="model")
SAID = ModelFinished(step="model:0", model="m", message={}, text="", duration_ms=1)
OVER = RunFinished(status=RunStatus.SUCCEEDED, verified=True, duration_s=1, cost_micros=1)


@pytest.mark.parametrize(
    ("held_s", "facts"),
    [
        (0, [(0, QUEUED)]),
        (0, [(0, QUEUED), (5, RunClaimed(attempt=1)), (9, SandboxBooting()), (20, OVER)]),
        (10, [(0, QUEUED), (5, RunClaimed(attempt=1)), (6, SandboxBooting()), (9, READY), (16, SAID), (40, OVER)]),
        # One that was there already is held from the claim on.
        (7, [(0, QUEUED), (5, RunClaimed(attempt=1)), (6, STEP), (12, SAID)]),
        # A worker that died is last heard of by its last fact; its successor held one too.
        (
            3 + 4,
            [(0, RunClaimed(attempt=1)), (1, STEP), (3, SAID), (90, RunClaimed(attempt=2)), (91, STEP), (94, SAID)],
        ),
        # None is held between the loss of one and the boot of the next.
        (
            4 + 5,
            [
                *((0, RunClaimed(attempt=1)), (1, STEP), (4, SAID), (8, SandboxClosed(reason="lost"))),
                *((20, SandboxBooting(reason="lost")), (23, READY), (25, LogLines(source="dev", lines=["x"]))),
            ],
        ),
    ],
)
def test_how_long_a_run_held_a_sandbox_follows_from_the_times_of_its_facts(
    held_s: float, facts: list[tuple[float, Event]]
) -> None:
    assert sandbox_seconds(journal(*facts)) == held_s
