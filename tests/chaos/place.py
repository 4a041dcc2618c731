"""A store that worker processes share, and a person who has pages built there and sees all that a page would."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from backend.domain import NotFound, Run, RunKind, Tier, Unavailable, User
from backend.events import Entry
from backend.store import Store
from backend.store.sqlite import SqliteStore
from backend.store.supabase import SupabaseStore
from tests.chaos.nursery import Nursery, Task, WorkerProcess
from tests.chaos.sandboxes import Sandboxes
from tests.chaos.script import prompt
from tests.store.supabase_world import set_tier
from tests.store.world import UNLIMITED
from tests.supabase.project import SupabaseServer

STARTER = {"app/page.tsx": b"export default 0\n", "package.json": b'{"name": "app"}\n'}
GLANCE_S = 0.1
OVER_S = 120.0


@dataclass
class Watched:
    """A project, and what its page has been told, in the order it was told."""

    id: str
    runs: list[Run] = field(default_factory=list)
    seen: list[Entry] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    """What the runs were asked to build."""


@dataclass
class Place:
    store: Store
    user: User
    folder: Path
    task: Task
    """For a worker here."""
    nursery: Nursery

    @property
    def sandboxes(self) -> Sandboxes:
        return Sandboxes(self.folder / "sandboxes")

    @property
    def log(self) -> str:
        """The end of what the workers logged."""
        return (self.folder / "workers.log").read_text()[-6000:]

    async def worker(self, **changes: object) -> WorkerProcess:
        return await self.nursery.start(replace(self.task, **changes))  # pyright: ignore[reportArgumentType]

    async def project(self) -> Watched:
        return Watched((await self.store.create_project(self.user, "", STARTER)).id)

    async def start(self, project: Watched) -> Run:
        page = _page(project)
        run = await self.store.start_run(self.user, project.id, uuid.uuid4().hex, RunKind.PROMPT, prompt(page))
        project.runs.append(run)
        project.pages.append(page)
        return run

    async def over(self, project: Watched) -> None:
        """Watch until the newest run is over, through whatever happens to the store."""
        run_id = project.runs[-1].id
        async with asyncio.timeout(OVER_S):
            while not any(e.run_id == run_id and e.event.type == "run.finished" for e in project.seen):
                await asyncio.sleep(GLANCE_S)
                with contextlib.suppress(Unavailable):
                    project.seen += await self.store.entries(self.user, project.id, _last(project))

    async def follow_up(self, project: Watched) -> str:
        """A prompt that waits for the runs before it. The id that its run will have."""
        page = _page(project)
        project.pages.append(page)
        followup = await self.store.add_followup(self.user, project.id, uuid.uuid4().hex, prompt(page))
        return followup.id

    async def sent(self, project: Watched, followup_id: str) -> None:
        """Wait until it has become a run, which then is the newest."""
        async with asyncio.timeout(OVER_S):
            while True:
                with contextlib.suppress(NotFound):
                    project.runs.append(await self.store.run(self.user, followup_id))
                    return
                await asyncio.sleep(GLANCE_S)

    async def claimed(self, project: Watched) -> bool:
        entries = await self.store.entries(self.user, project.id)
        return any(e.event.type == "run.claimed" for e in entries)

    async def build(self, pages: int = 1) -> Watched:
        """A project with so many pages, one prompt after the other."""
        project = await self.project()
        for _ in range(pages):
            await self.start(project)
            await self.over(project)
        return project


@contextlib.asynccontextmanager
async def sqlite_place(folder: Path, nursery: Nursery) -> AsyncIterator[Place]:
    store = await SqliteStore.open(folder / "codeflow.db")
    try:
        yield Place(store, User(id="ada"), folder, Task(str(folder)), nursery)
    finally:
        await nursery.clear()
        await store.close()


@contextlib.asynccontextmanager
async def supabase_place(folder: Path, nursery: Nursery, server: SupabaseServer) -> AsyncIterator[Place]:
    tier: Tier = UNLIMITED.model_copy(update={"id": "chaos"})
    # What other tests left behind would be worked on here.
    server.sql("delete from public.projects")
    set_tier(server, tier)
    person = server.sign_up(tier=tier.id)
    user = User(id=person.id, email=person.email, token=SecretStr(person.access_token))
    worker = server.mint("codeflow_worker")
    store = await SupabaseStore.open(server.url, server.publishable_key, worker)
    try:
        task = Task(str(folder), supabase=(server.url, server.publishable_key, worker))
        yield Place(store, user, folder, task, nursery)
    finally:
        await nursery.clear()
        await store.delete_account(user)
        server.sql("delete from public.tiers where id = %s", tier.id)
        await store.close()


def _page(project: Watched) -> str:
    return f"page{len(project.pages)}x{uuid.uuid4().hex[:8]}"


def _last(project: Watched) -> int:
    return project.seen[-1].seq if project.seen else 0
