"""Previews somebody looks at are kept awake, sleeping ones are left alone, and what nobody comes back to is ended."""

import time

import pytest

from backend.domain import Project, Run
from backend.runs.reaper import Reaper
from backend.workspace import SandboxUnavailable
from tests.runs.stage import USER, Stage

KEEP_S = 7 * 86_400.0


def reaper(stage: Stage) -> Reaper:
    return Reaper(stage.store, stage.workspaces, KEEP_S)


async def built(stage: Stage, pages: int = 1) -> tuple[list[Run], list[Project]]:
    """Projects whose first run is over, with their sandboxes."""
    runs = [await stage.runs.start(USER, None, f"page {n}") for n in range(pages)]
    async with stage.working():
        for run in runs:
            await stage.over(run)
    return runs, [await stage.store.project(USER, run.project_id) for run in runs]


async def preview_url(stage: Stage, project: Project) -> str | None:
    return (await stage.store.project(USER, project.id)).preview_url


def later(stage: Stage, seconds: float) -> None:
    stage.store._clock = lambda: time.time() + seconds


async def test_a_preview_whose_sandbox_died_is_cleared_and_a_living_one_stays(stage: Stage) -> None:
    runs, (dead, alive) = await built(stage, 2)
    assert dead.sandbox_id
    await stage.workspaces.kill(dead.sandbox_id)
    await reaper(stage).round()
    assert await preview_url(stage, dead) is None
    assert (await stage.view(runs[0])).preview.state == "off"
    assert await preview_url(stage, alive) == alive.preview_url
    assert (await stage.view(runs[1])).preview.state == "ready"


async def test_a_preview_is_kept_awake_while_somebody_looks_and_no_longer(stage: Stage) -> None:
    _, (seen, unseen, left) = await built(stage, 3)
    await stage.store.look_at(USER, left.id)
    later(stage, 600)
    await stage.store.look_at(USER, seen.id)
    await reaper(stage).round()
    assert stage.workspaces.kept == [seen.sandbox_id]
    assert all([await preview_url(stage, project) for project in (seen, unseen, left)])


async def test_a_sleeping_preview_stays_the_projects_and_is_not_woken(stage: Stage) -> None:
    [run], [project] = await built(stage)
    assert project.sandbox_id
    stage.workspaces.pause(project.sandbox_id)
    await stage.store.look_at(USER, project.id)
    await reaper(stage).round()
    later(stage, KEEP_S - 60)
    await reaper(stage).round()
    assert stage.workspaces.kept == []
    assert await stage.workspaces.alive(project.sandbox_id)
    assert (await stage.view(run)).preview.url == project.preview_url


async def test_a_sleeping_sandbox_nobody_came_back_to_is_ended_and_its_files_stay(stage: Stage) -> None:
    [run], [project] = await built(stage)
    assert project.sandbox_id
    later(stage, KEEP_S + 60)
    await reaper(stage).round()
    assert await stage.workspaces.alive(project.sandbox_id), "somebody has its address open: it is not asleep"
    stage.workspaces.pause(project.sandbox_id)
    await reaper(stage).round()
    assert not await stage.workspaces.alive(project.sandbox_id)
    assert (await stage.view(run)).preview.state == "off"
    assert "app/page0.tsx" in await stage.store.tree(USER, run.project_id)


async def test_the_sandbox_of_a_run_under_way_is_left_alone(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    claimed = await stage.store.claim_run("w", 15)
    assert claimed
    await stage.store.set_preview(run.project_id, claimed[2], "not-there-yet", "http://preview")
    await reaper(stage).round()
    assert (await stage.store.project(USER, run.project_id)).preview_url == "http://preview"


async def test_a_sandbox_that_no_project_names_is_ended_once_it_sleeps(stage: Stage) -> None:
    _, [project] = await built(stage)
    created = await stage.workspaces.open(project.id, None, {})
    run = await stage.runs.start(USER, None, "another page")
    claimed = await stage.store.claim_run("w", 15)
    assert claimed
    opening = await stage.workspaces.open(run.project_id, None, {})
    await stage.store.set_preview(run.project_id, claimed[2], opening.sandbox_id, opening.preview_url)
    stage.workspaces.pause(opening.sandbox_id)
    await reaper(stage).round()
    assert await stage.workspaces.alive(created.sandbox_id), "a worker may be about to record it"
    stage.workspaces.pause(created.sandbox_id)
    await reaper(stage).round()
    assert not await stage.workspaces.alive(created.sandbox_id)
    assert await stage.workspaces.alive(opening.sandbox_id)
    assert project.sandbox_id
    assert await stage.workspaces.alive(project.sandbox_id)


async def test_a_preview_at_an_address_its_service_has_left_is_cleared(stage: Stage) -> None:
    _, [project] = await built(stage)
    stage.workspaces.domain = "localhost:4711"
    await reaper(stage).round()
    assert await preview_url(stage, project) is None
    assert project.sandbox_id
    assert await stage.workspaces.alive(project.sandbox_id), "a wake finds it again"


async def test_one_that_cannot_be_looked_after_is_in_nobodys_way(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, projects = await built(stage, 2)
    for project in projects:
        await stage.store.look_at(USER, project.id)
    asked = stage.workspaces.keep

    async def keep(sandbox_id: str) -> None:
        if sandbox_id == projects[0].sandbox_id:
            raise SandboxUnavailable("no room right now")
        await asked(sandbox_id)

    monkeypatch.setattr(stage.workspaces, "keep", keep)
    await reaper(stage).round()
    assert stage.workspaces.kept == [projects[1].sandbox_id]
    assert "no room right now" in caplog.text
