"""Workers whose clocks are hours wrong share a queue: the store's clock decides who has which run."""

import asyncio

from backend.events import RunFinished
from tests.chaos.place import Place
from tests.chaos.proof import each_command_took_effect_once, well_done

HOURS = 3600.0


async def test_no_worker_takes_anothers_run_or_keeps_its_own_because_its_clock_is_wrong(place: Place) -> None:
    projects = [await place.project() for _ in range(6)]
    for project in projects:
        await place.start(project)
    fast, slow = [await place.worker(clock_off_s=off, pace_s=0.03) for off in (5 * HOURS, -5 * HOURS)]
    async with asyncio.timeout(60):
        for project in projects[:4]:
            while not await place.claimed(project):
                await asyncio.sleep(0.02)
    # Dead, its runs are free when the lease has run out by the store's clock, not five hours later.
    await slow.kill()
    await asyncio.gather(*map(place.over, projects))
    await fast.kill()
    await well_done(place, projects)
    await each_command_took_effect_once(place, projects)
    for project in projects:
        finished = project.seen[-1].event
        assert isinstance(finished, RunFinished)
        assert finished.duration_s < HOURS, "how long a run took is not told by a worker's clock"


async def test_living_workers_with_wrong_clocks_leave_each_others_runs_alone(place: Place) -> None:
    projects = [await place.project() for _ in range(4)]
    for project in projects:
        await place.start(project)
    for off in (5 * HOURS, 0.0, -5 * HOURS):
        await place.worker(clock_off_s=off, lease_s=30.0)
    await asyncio.gather(*map(place.over, projects))
    await well_done(place, projects)
    for project in projects:
        assert (await place.store.run(place.user, project.runs[0].id)).attempt == 1
