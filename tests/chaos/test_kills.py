"""Workers are killed and frozen while they work: every run ends as if nothing had been."""

import asyncio

import pytest

from tests.chaos.place import Place, Watched
from tests.chaos.proof import all_alike, each_command_took_effect_once, well_done
from tests.chaos.storm import Storm, seed_of


async def test_runs_survive_workers_that_are_killed_and_frozen_at_any_moment(
    place: Place, request: pytest.FixtureRequest
) -> None:
    people, blows = (15, 20) if place.task.supabase is None else (6, 10)
    projects = [await place.project() for _ in range(people)]
    storm = Storm(place, projects, seed_of(request.node.name), blows)

    async def person(project: Watched) -> None:
        for _ in range(2):
            await place.start(project)
            await place.over(project)

    async with storm.raging():
        await asyncio.gather(*map(person, projects))
    again = await well_done(place, projects)
    await each_command_took_effect_once(place, projects)
    all_alike(projects)
    print(f"{people * 2} runs, {storm.kills} kills, {storm.freezes} freezes; {again} of {people * 12} calls made again")
    assert storm.kills
    assert storm.freezes
