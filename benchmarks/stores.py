"""What a store's calls cost: Supabase's beside a bare GET of the same server, and SQLite's beside a row."""

import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx
from pydantic import SecretStr

from backend.domain import Lease, RunKind, User
from backend.events import LogLines
from backend.store import Store
from backend.store.supabase import SupabaseStore
from backend.workspace.starter import starter_files
from tests.supabase.project import SupabaseServer

JOURNAL = 200
"""Entries of the project whose page is loaded."""


class Pages:
    """A project with a journal, and what a page asks of the store to show it."""

    def __init__(self, store: Store, user: User) -> None:
        self._store = store
        self._user = user
        self._project_id = ""
        self._lease: Lease | None = None

    async def begin(self) -> Self:
        project = await self._store.create_project(self._user, "Bench", starter_files())
        self._project_id = project.id
        await self._store.start_run(self._user, project.id, f"run-{project.id}", RunKind.EDIT, "bench")
        claimed = await self._store.claim_run("bench", 3600)
        assert claimed
        self._lease = claimed[2]
        await self._store.append(self._lease, [LogLines(source="dev", lines=["a line"])] * JOURNAL)
        return self

    async def loaded(self) -> float:
        """The list of projects, the project, its journal, the news since, its files' names, and what is left."""
        return await _timed(self._load)

    async def read(self) -> float:
        return await _timed(lambda: self._store.project(self._user, self._project_id))

    async def appended(self) -> float:
        assert self._lease
        lease = self._lease
        return await _timed(lambda: self._store.append(lease, [LogLines(source="dev", lines=["a line"])]))

    async def _load(self) -> None:
        await self._store.projects(self._user)
        await self._store.usage(self._user)
        await self._store.project(self._user, self._project_id)
        entries = await self._store.entries(self._user, self._project_id)
        await self._store.tail(self._user, self._project_id, entries[-1].seq)
        await self._store.tree(self._user, self._project_id)


class SupabaseBench:
    """Somebody who signed up, the store, and the server itself without it."""

    def __init__(self, server: SupabaseServer) -> None:
        user = server.sign_up()
        self.user = User(id=user.id, email=user.email, token=SecretStr(user.access_token))
        self._server = server
        headers = {"apikey": server.publishable_key, "Authorization": f"Bearer {user.access_token}"}
        self._http = httpx.AsyncClient(base_url=f"{server.url}/rest/v1", headers=headers)

    async def __aenter__(self) -> Self:
        worker = self._server.mint("codeflow_worker")
        self.store = await SupabaseStore.open(self._server.url, self._server.publishable_key, worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.store.close()
        await self._http.aclose()

    async def bare(self) -> float:
        """One row by its key, over a connection that is open."""
        return await _timed(self._get)

    async def _get(self) -> None:
        response = await self._http.get("/projects", params={"select": "*", "owner": f"eq.{self.user.id}", "limit": 1})
        response.raise_for_status()


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started
