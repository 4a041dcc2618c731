"""The embedded store: everything in one SQLite file, shared safely by several processes on one machine."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from backend.domain import Unavailable
from backend.store.sqlite_accounts import AccountPart
from backend.store.sqlite_billing import BillingPart
from backend.store.sqlite_database import Database
from backend.store.sqlite_followups import FollowUpPart
from backend.store.sqlite_projects import ProjectPart
from backend.store.sqlite_runs import RunPart
from backend.store.sqlite_settings import SettingsPart
from backend.store.sqlite_shares import SharePart
from backend.store.sqlite_worker import WorkerPart

GLANCE_S = 0.1
"""How often to look whether another process has written, while somebody watches."""


class SqliteStore(ProjectPart, SettingsPart, RunPart, FollowUpPart, SharePart, AccountPart, BillingPart, WorkerPart):
    """`backend.store.Store` on a file. Open it with `SqliteStore.open`."""

    def __init__(self, database: Database, clock: Callable[[], float], default_tier: str) -> None:
        super().__init__(database, clock, default_tier)
        self._glancing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, path: Path, clock: Callable[[], float] = time.time, default_tier: str = "local"
    ) -> "SqliteStore":
        """The store in `path`, which is made if need be. Raises `Unavailable` when that cannot be.

        Users who sign in are on `default_tier` until they are given another.
        """
        database = Database(path)
        await database.open()
        store = cls(database, clock, default_tier)
        store._glancing = asyncio.create_task(store._glance(await database.written_elsewhere()))
        return store

    async def close(self) -> None:
        if self._glancing:
            self._glancing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._glancing
        await self.database.close()

    async def _glance(self, seen: int) -> None:
        """Poke everyone when another process has written: SQLite cannot tell which project it was."""
        while True:
            await asyncio.sleep(GLANCE_S)
            if not self._pokes.watched:
                continue
            with contextlib.suppress(Unavailable):
                now = await self.database.written_elsewhere()
                if now != seen:
                    seen = now
                    self._pokes.poke_all()
