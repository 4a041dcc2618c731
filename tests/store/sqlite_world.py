"""The SQLite store with a clock that tests move."""

import sqlite3
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from backend.domain import Tier, User
from backend.store.sqlite import SqliteStore
from tests.store.world import UNLIMITED, World


@dataclass(kw_only=True)
class SqliteWorld(World):
    sqlite: SqliteStore
    path: Path
    passed_s: float = field(default=0.0)
    began_s: float = field(default_factory=time.time)

    @classmethod
    async def open(cls, path: Path) -> "SqliteWorld":
        worlds: list[SqliteWorld] = []
        store = await SqliteStore.open(
            path, clock=lambda: worlds[0].now_s() if worlds else time.time(), default_tier="free"
        )
        ada, eve = (User(id=name, email=f"{name}@example.com") for name in ("ada", "eve"))
        worlds.append(cls(store, ada, eve, sqlite=store, path=path))
        for user in (ada, eve):
            worlds[0].grant(user, UNLIMITED)
        return worlds[0]

    def let_pass(self, seconds: float) -> None:
        self.passed_s += seconds

    def now_s(self) -> float:
        return self.began_s + self.passed_s

    def grant(self, user: User, tier: Tier) -> None:
        columns = tier.model_dump()
        with sqlite3.connect(self.path, timeout=30) as db:
            db.execute(f"insert or replace into tiers values ({', '.join(f':{name}' for name in columns)})", columns)
            db.execute(
                """insert into profiles (id, email, tier, created_at) values (?, ?, ?, ?)
                on conflict (id) do update set tier = excluded.tier""",
                (user.id, user.email, tier.id, self.now_s()),
            )

    def newcomer(self, anonymous: bool = False) -> User:
        name = uuid.uuid4().hex
        return User(id=name, email=None if anonymous else f"{name}@example.com", anonymous=anonymous)


def leave_room(store: SqliteStore, pages: int) -> None:
    """SQLite meets a bound on the file as it meets the disk's end; the bound holds for the connection that writes."""
    database = store.database

    def bound() -> None:
        connection = database._writing()
        connection.set_authorizer(None)
        used = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {used + pages}")

    database._writer.submit(bound).result()
