"""A worker on a real store, with doubles for the sandbox and the agent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from backend.config import Settings
from backend.domain import Run, User
from backend.events import Entry
from backend.runs.job import AgentWork
from backend.runs.service import Runs
from backend.runs.worker import Worker
from backend.store.sqlite import SqliteStore
from backend.views import ProjectView
from tests.runs.actor import Actor
from tests.runs.disk import DiskWorkspaces, gate

USER = User(id="ada")


@dataclass
class Stage:
    store: SqliteStore
    workspaces: DiskWorkspaces
    settings: Settings
    actor: Actor = field(default_factory=Actor)
    agent: AgentWork | None = None
    """In the actor's place."""

    @property
    def runs(self) -> Runs:
        return Runs(self.store, self.workspaces)

    def worker(self, slots: int = 2) -> Worker:
        return Worker(self.store, self.workspaces, gate, self.agent or self.actor, self.settings, slots=slots)

    @contextlib.asynccontextmanager
    async def working(self, slots: int = 2) -> AsyncIterator[Worker]:
        worker = self.worker(slots)
        task = asyncio.create_task(worker.serve())
        try:
            yield worker
        finally:
            worker.stop()
            await task

    async def over(self, run: Run, timeout_s: float = 20) -> Run:
        """The run, once it is over."""
        async with asyncio.timeout(timeout_s):
            while not (now := await self.store.run(User(id=run.owner), run.id)).status.over:
                await asyncio.sleep(0.01)
        return now

    async def entries(self, run: Run) -> list[Entry]:
        return [e for e in await self.store.entries(User(id=run.owner), run.project_id) if e.run_id == run.id]

    async def view(self, run: Run) -> ProjectView:
        return await self.runs.view(User(id=run.owner), run.project_id)


@contextlib.asynccontextmanager
async def staged(root: Path, lease_s: float = 15.0) -> AsyncIterator[Stage]:
    settings = Settings(CODEFLOW_DATA_DIR=root, CODEFLOW_LEASE=lease_s, CODEFLOW_WORKERS=2)  # pyright: ignore[reportCallIssue]
    store = await SqliteStore.open(root / "codeflow.db")
    try:
        yield Stage(store, DiskWorkspaces(root / "sandboxes"), settings)
    finally:
        await store.close()


async def until(condition, timeout_s: float = 10) -> None:
    """Wait for an async condition."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.005)
