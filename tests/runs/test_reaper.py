"""Previews whose sandbox is gone are forgotten; idle sandboxes are let go."""

import time

from backend.runs.reaper import Reaper
from tests.runs.stage import USER, Stage


async def test_a_preview_whose_sandbox_died_is_cleared_and_a_living_one_stays(stage: Stage) -> None:
    runs = [await stage.runs.start(USER, None, f"page {n}") for n in range(2)]
    async with stage.working():
        for run in runs:
            await stage.over(run)
    dead, alive = [await stage.store.project(USER, run.project_id) for run in runs]
    assert dead.sandbox_id
    await stage.workspaces.kill(dead.sandbox_id)
    await Reaper(stage.store, stage.workspaces, idle_s=3600).round()
    assert (await stage.store.project(USER, dead.id)).preview_url is None
    assert (await stage.view(runs[0])).preview.state == "off"
    assert (await stage.store.project(USER, alive.id)).preview_url == alive.preview_url
    assert (await stage.view(runs[1])).preview.state == "ready"


async def test_an_idle_sandbox_is_let_go_and_its_files_stay(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(run)
    project = await stage.store.project(USER, run.project_id)
    assert project.sandbox_id
    stage.store._clock = lambda: time.time() + 2000
    await Reaper(stage.store, stage.workspaces, idle_s=1800).round()
    assert not await stage.workspaces.alive(project.sandbox_id)
    assert (await stage.view(run)).preview.state == "off"
    assert "app/page0.tsx" in await stage.store.tree(USER, run.project_id)


async def test_the_sandbox_of_a_run_under_way_is_left_alone(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    claimed = await stage.store.claim_run("w", 15)
    assert claimed
    await stage.store.set_preview(run.project_id, claimed[2], "not-there-yet", "http://preview")
    await Reaper(stage.store, stage.workspaces, idle_s=1).round()
    assert (await stage.store.project(USER, run.project_id)).preview_url == "http://preview"
