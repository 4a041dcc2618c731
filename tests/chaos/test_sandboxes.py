"""Sandboxes die under the work, some together with the worker: the files are there again, and the run ends well."""

import asyncio
import random

import pytest

from backend.runs.sandbox import MAX_SANDBOXES
from tests.chaos.place import Place, Watched
from tests.chaos.proof import well_done
from tests.chaos.script import COMMAND_STEPS
from tests.chaos.storm import seed_of


async def test_runs_survive_the_loss_of_their_sandboxes_and_of_their_workers(
    place: Place, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(seed_of(request.node.name))
    projects = [await place.project() for _ in range(5)]
    for project in projects:
        await place.start(project)
    workers = [await place.worker(slots=3, pace_s=0.02) for _ in range(2)]
    lost: dict[str, int] = {}

    async def lose() -> None:
        while len(lost) < len(projects):
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            alive = [p for p in projects if lost.get(p.id, 0) < MAX_SANDBOXES - 2 and not _over(p)]
            if not alive:
                return
            project = chance.choice(alive)
            sandbox_id = (await place.store.project(place.user, project.id)).sandbox_id
            if sandbox_id is None or not await place.sandboxes.alive(sandbox_id):
                continue
            await place.sandboxes.kill(sandbox_id)
            lost[project.id] = lost.get(project.id, 0) + 1
            if sum(lost.values()) == 3:
                await workers.pop().kill()
                workers.append(await place.worker(slots=3, pace_s=0.02))

    losing = asyncio.create_task(lose())
    await asyncio.gather(*map(place.over, projects))
    losing.cancel()
    assert lost
    await well_done(place, projects)
    # In no sandbox did anything happen twice; what happened in a lost one may be needed again in the next.
    effects = place.sandboxes.effects()
    assert len({(e.sandbox, e.key, e.command) for e in effects}) == len(effects)
    wanted = {f"{project.runs[0].id}/{step}" for project in projects for step in COMMAND_STEPS}
    assert {e.key for e in effects} == wanted


async def test_runs_wait_for_a_sandbox_host_that_died_and_starts_again(on_sqlite: Place) -> None:
    place = on_sqlite
    projects = [await place.project() for _ in range(3)]
    for project in projects:
        await place.start(project)
    await place.worker(slots=3, pace_s=0.03)
    async with asyncio.timeout(60):
        for project in projects:
            while (await place.store.project(place.user, project.id)).sandbox_id is None:
                await asyncio.sleep(0.02)
    await place.sandboxes.kill_host()
    await asyncio.sleep(2)
    place.sandboxes.start_host()
    await asyncio.gather(*map(place.over, projects))
    await well_done(place, projects)


def _over(project: Watched) -> bool:
    return bool(project.seen) and project.seen[-1].event.type == "run.finished"
