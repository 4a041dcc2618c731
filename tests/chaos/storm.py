"""Workers that are killed, or frozen past their lease and thawed again, at moments a seed decides."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator

from backend.runs.worker import MAX_ATTEMPTS
from tests.chaos.nursery import WorkerProcess
from tests.chaos.place import Place, Watched

WORKERS = 3


def seed_of(name: str) -> int:
    """`CODEFLOW_CHAOS_SEED`, or a new one; printed, so that a failure can be had again."""
    seed = int(os.environ.get("CODEFLOW_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
    print(f"{name}: CODEFLOW_CHAOS_SEED={seed}")
    return seed


class Storm:
    def __init__(self, place: Place, projects: list[Watched], seed: int, blows: int) -> None:
        self.kills = self.freezes = 0
        self._place = place
        self._projects = projects
        self._chance = random.Random(seed)
        self._blows = blows
        self._workers: list[WorkerProcess] = []
        self._frozen: set[WorkerProcess] = set()
        self._thawing: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def raging(self) -> AsyncIterator[None]:
        """Workers are there while the block runs, and none of them is safe until the storm has spent itself."""
        self._workers = [await self._place.worker() for _ in range(WORKERS)]
        raging = asyncio.create_task(self._rage())
        try:
            yield
            raging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await raging
            await asyncio.gather(*self._thawing)
        finally:
            raging.cancel()
            for task in self._thawing:
                task.cancel()
            for worker in self._workers:
                await worker.kill()

    async def _rage(self) -> None:
        while self.kills + self.freezes < self._blows:
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
            if self._at_the_limit():
                continue
            worker = self._chance.choice(self._workers)
            due_to_freeze = (self.kills + self.freezes) % 4 == 2 and not self._frozen
            if not due_to_freeze:
                self._workers.remove(worker)
                self._frozen.discard(worker)
                await worker.kill()
                self.kills += 1
                await asyncio.sleep(self._chance.uniform(0, 0.2))
                self._workers.append(await self._place.worker())
            else:
                self._frozen.add(worker)
                await worker.freeze()
                self.freezes += 1
                task = asyncio.create_task(self._thaw(worker, self._chance.uniform(1.05, 1.5)))
                self._thawing.add(task)

    async def _thaw(self, worker: WorkerProcess, leases: float) -> None:
        await asyncio.sleep(leases * self._place.task.lease_s)
        await worker.thaw()
        self._frozen.discard(worker)

    def _at_the_limit(self) -> bool:
        """A run that too many workers did not survive is ended, as it should be; but that is not what is shown here."""
        return any(
            sum(e.run_id == project.runs[-1].id and e.event.type == "run.claimed" for e in project.seen)
            >= MAX_ATTEMPTS - 1
            for project in self._projects
            if project.runs
        )
