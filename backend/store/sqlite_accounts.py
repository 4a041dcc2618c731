"""Accounts, on SQLite: what a user has left, and what the operator sets."""

import sqlite3

from backend.domain import NotFound, Usage, User
from backend.store.sqlite_part import Part
from backend.store.sqlite_scope import STORE, as_user
from backend.store.sqlite_usage import ANONYMOUS, tier_of, usage_of
from backend.store.text import require_text


class AccountPart(Part):
    async def usage(self, user: User) -> Usage:
        def find(db: sqlite3.Connection) -> Usage:
            return usage_of(db, tier_of(db, user, self._default_tier), self._clock())

        return await self.database.read(as_user(user), find)

    async def delete_account(self, user: User) -> list[str]:
        def delete(db: sqlite3.Connection) -> list[str]:
            rows = db.execute("delete from projects where owner = ? returning sandbox_id", (user.id,)).fetchall()
            db.execute("delete from profiles where id = ?", (user.id,))
            return [row["sandbox_id"] for row in rows if row["sandbox_id"]]

        return await self.database.write(as_user(user), delete)

    async def set_tier(self, account: str, tier_id: str) -> None:
        def change(db: sqlite3.Connection) -> None:
            require_tier(db, tier_id)
            db.execute("update profiles set tier = ? where id = ?", (tier_id, find_account(db, account)))

        await self.database.write(STORE, change)

    async def set_app_secret(self, name: str, value: str | None) -> None:
        require_text(name, "name")
        require_text(value or "", "secret")

        def change(db: sqlite3.Connection) -> None:
            if value is None:
                db.execute("delete from app_secrets where name = ?", (name,))
            else:
                db.execute("insert or replace into app_secrets (name, value) values (?, ?)", (name, value))

        await self.database.write(STORE, change)


def find_account(db: sqlite3.Connection, account: str) -> str:
    """The id of the user with this id or e-mail address. Raises `NotFound`."""
    row = db.execute(
        "select id from profiles where id = :account or lower(email) = lower(:account) order by created_at limit 1",
        {"account": account},
    ).fetchone()
    if row is None:
        raise NotFound("There is no such account. Give a user's id, or the e-mail address they signed up with.")
    return row["id"]


def require_tier(db: sqlite3.Connection, tier_id: str) -> None:
    """Raises `NotFound`: also for the trial's, which is nobody's to give."""
    if not db.execute("select 1 from tiers where id = ? and id <> ?", (tier_id, ANONYMOUS)).fetchone():
        raise NotFound(f"There is no tier {tier_id} that a user can be given.")
