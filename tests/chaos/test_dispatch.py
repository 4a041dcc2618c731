"""A run is dispatched many times, or never, or to a worker that dies: it is done once."""

import asyncio

from tests.chaos.nursery import WorkerProcess
from tests.chaos.place import Place
from tests.chaos.proof import each_command_took_effect_once, well_done


async def test_runs_given_to_several_workers_at_once_are_done_once(place: Place) -> None:
    projects = [await place.project() for _ in range(3)]
    for project in projects:
        await place.start(project)
    workers = [await place.worker(run_id=project.runs[0].id, lease_s=30.0) for project in projects for _ in range(3)]
    assert {await worker.ended() for worker in workers} == {0}, place.log
    await asyncio.gather(*map(place.over, projects))
    assert await well_done(place, projects) == 0
    await each_command_took_effect_once(place, projects)
    for project in projects:
        assert (await place.store.run(place.user, project.runs[0].id)).attempt == 1


async def test_runs_nobody_was_told_of_or_whose_worker_died_are_found_in_the_queue(place: Place) -> None:
    """As the reaper does it where workers are started for one run each: every round, for all that wait."""
    projects = [await place.project() for _ in range(3)]
    for project in projects:
        await place.start(project)
    told = await place.worker(run_id=projects[0].runs[0].id, pace_s=0.05)
    async with asyncio.timeout(60):
        while not await place.claimed(projects[0]):
            await asyncio.sleep(0.02)
    await told.kill()
    started: list[WorkerProcess] = []

    async def rounds() -> None:
        while True:
            # A round does not know what the one before it started: some runs get several workers.
            for run_id in await place.store.claimable(100):
                started.append(await place.worker(run_id=run_id))
            await asyncio.sleep(0.25)

    looking = asyncio.create_task(rounds())
    await asyncio.gather(*map(place.over, projects))
    looking.cancel()
    assert {await worker.ended() for worker in started} == {0}, place.log
    assert len(started) >= len(projects)
    await well_done(place, projects)
    await each_command_took_effect_once(place, projects)


async def test_a_worker_that_was_there_all_along_finds_what_another_process_queued(place: Place) -> None:
    await place.worker()
    project = await place.build(pages=2)
    assert await well_done(place, [project]) == 0
