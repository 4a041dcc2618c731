"""What people do while a run is under way comes about once, whatever happens to the workers meanwhile."""

import asyncio

import pytest

from backend.domain import Run, RunStatus
from backend.events import ToolFinished
from tests.chaos.place import Place, Watched
from tests.chaos.proof import all_alike, each_command_took_effect_once, taken_back, well_done
from tests.chaos.storm import Storm, seed_of


async def test_prompts_that_wait_become_one_run_each_in_their_order(
    on_sqlite: Place, request: pytest.FixtureRequest
) -> None:
    place = on_sqlite
    projects = [await place.project() for _ in range(4)]
    storm = Storm(place, projects, seed_of(request.node.name), blows=8)

    async def person(project: Watched) -> None:
        await place.start(project)
        waiting = [await place.follow_up(project) for _ in range(2)]
        await place.over(project)
        for followup_id in waiting:
            await place.sent(project, followup_id)
            await place.over(project)

    async with storm.raging():
        await asyncio.gather(*map(person, projects))
    await well_done(place, projects)
    await each_command_took_effect_once(place, projects)
    all_alike(projects)
    for project in projects:
        assert not await place.store.followups(place.user, project.id)
    assert storm.kills


async def test_a_run_that_is_stopped_and_taken_back_leaves_the_files_as_they_were(
    on_sqlite: Place, request: pytest.FixtureRequest
) -> None:
    place = on_sqlite
    projects = [await place.project() for _ in range(4)]
    storm = Storm(place, projects, seed_of(request.node.name), blows=8)

    async def person(project: Watched) -> None:
        await place.start(project)
        await place.over(project)
        while True:
            before = await place.store.tree(place.user, project.id)
            run = await place.start(project)
            await _has_written(place, project, run)
            await place.store.cancel_run(place.user, run.id, undo=True)
            await place.over(project)
            if (await place.store.run(place.user, run.id)).status is not RunStatus.SUCCEEDED:
                break
            # It was over before it could be stopped.
        await taken_back(place, project, run, before)

    async with storm.raging():
        await asyncio.gather(*map(person, projects))
    assert storm.kills


async def _has_written(place: Place, project: Watched, run: Run) -> None:
    async with asyncio.timeout(60):
        while True:
            entries = await place.store.entries(place.user, project.id)
            if any(e.run_id == run.id and isinstance(e.event, ToolFinished) and e.event.changes for e in entries):
                return
            await asyncio.sleep(0.05)
