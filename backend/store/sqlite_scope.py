"""For whom a transaction runs, and how SQLite itself holds it to that.

Reading: a connection that serves users, workers and visitors is *confined*. An authorizer lets it read the views below and
nothing else: no table, no schema, no pragma, no write. The views are filtered by functions of the connection, which answer
for the transaction's `Scope` and with NULL outside of one.

Writing: SQLite's authorizer cannot tell rows apart, so the writing connection has a trigger for every table and verb. It
refuses rows of other owners to a user, and rows of other projects to a worker or a visitor, whatever statement wrote them;
what a user has paid for and who pays is written by the store alone, and the schema by nobody. What a writing transaction
looks up in order to decide goes through the same views.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass

from backend.domain import Lease, User


@dataclass(frozen=True)
class Scope:
    """A user, the holder of a lease, or the visitor of a share. `STORE` is the store's own housekeeping."""

    user_id: str | None = None
    lease: Lease | None = None
    share_hash: str | None = None
    whole: bool = False


STORE = Scope(whole=True)


def as_user(user: User) -> Scope:
    return Scope(user_id=user.id)


def under(lease: Lease) -> Scope:
    return Scope(lease=lease)


def visiting(token: str) -> Scope:
    return Scope(share_hash=token_hash(token))


def token_hash(token: str) -> str:
    """What is kept of a share's token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class Bound(threading.local):
    """The scope of the transaction on this thread, and what it opens."""

    scope = Scope()
    project_id: str | None = None
    owner: str | None = None

    def bind(self, connection: sqlite3.Connection, scope: Scope) -> None:
        """After `begin`, so that what is found holds for the whole transaction."""
        self.scope = scope
        if scope.lease:
            self._open(connection.execute("select project_id, owner from leased_runs where status = 'running'"))
        elif scope.share_hash:
            self._open(connection.execute("select preview_project_id, owner from shared"))

    def free(self) -> None:
        self.scope, self.project_id, self.owner = Scope(), None, None

    def _open(self, found: sqlite3.Cursor) -> None:
        self.project_id, self.owner = found.fetchone() or (None, None)


OF_PROJECT = ("entries", "frames", "versions", "tree", "blobs", "followups")

VIEWS = {
    "all_tiers": "select * from main.tiers",
    "my_profile": "select * from main.profiles where id = uid()",
    "my_projects": "select * from main.projects where owner = uid() and kind = 'app'",
    "my_previews": "select * from main.projects where owner = uid() and kind = 'share'",
    "my_runs": """select id, project_id, owner, kind, status, prompt, attachments, restore_id, resends, edits,
        attempt, cancel_requested, undo_requested, lease_until, created_at, started_at, finished_at, cost_micros, sandbox_s,
        budget_micros
        from main.runs where owner = uid()""",
    "my_shares": """select s.id, s.project_id, s.version_id, s.preview_project_id, s.history, s.created_at, s.revoked_at,
        v.number version_number
        from main.projects p join main.shares s on s.project_id = p.id join main.versions v on v.id = s.version_id
        where p.owner = uid()""",
    "my_usage_counters": "select * from main.usage_counters where owner = uid()",
    "my_usage_ledger": "select * from main.usage_ledger where owner = uid()",
    "leased_runs": """select id, project_id, owner, kind, status, prompt, attachments, restore_id, resends, edits,
        attempt, cancel_requested, undo_requested, lease_until, created_at, started_at, finished_at, cost_micros, sandbox_s,
        budget_micros
        from main.runs where id = lease_run() and lease = lease_token()""",
    "my_variables": """select v.project_id, v.name, v.updated_at
        from main.projects p join main.variables v on v.project_id = p.id
        where p.owner = uid() and p.kind = 'app'""",
    "leased_projects": "select * from main.projects where id = leased_project()",
    "leased_variables": "select * from main.variables where project_id = leased_project()",
    "shared": """select p.owner, p.title, s.history, s.preview_project_id, v.number version_number,
        v.created_at, v.manifest, v.screenshot_sha256
        from main.shares s join main.projects p on p.id = s.project_id join main.versions v on v.id = s.version_id
        where s.token_hash = share_hash() and s.revoked_at is null""",
    "shared_prompts": """select r.prompt, r.created_at
        from main.shares s join main.versions v on v.id = s.version_id join main.runs last on last.id = v.run_id
        join main.runs r on r.project_id = s.project_id and r.kind = 'prompt' and r.created_at <= last.created_at
        where s.token_hash = share_hash() and s.revoked_at is null and s.history""",
    "shared_previews": "select preview_url from main.projects where id = shared_project()",
    "shared_runs": "select kind, status, created_at from main.runs where project_id = shared_project()",
}
VIEWS |= {
    f"my_{table}": f"""select t.* from main.projects p join main.{table} t on t.project_id = p.id
        where p.owner = uid() and p.kind = 'app'"""
    for table in OF_PROJECT
}
VIEWS |= {f"leased_{table}": f"select * from main.{table} where project_id = leased_project()" for table in OF_PROJECT}
VIEWS |= {
    f"shared_{table}": f"select * from main.{table} where project_id = shared_project()" for table in ("tree", "blobs")
}

FUNCTIONS: dict[str, Callable[[Bound], str | int | None]] = {
    "uid": lambda bound: bound.scope.user_id,
    "lease_run": lambda bound: bound.scope.lease and bound.scope.lease.run_id,
    "lease_token": lambda bound: bound.scope.lease and bound.scope.lease.token,
    "leased_project": lambda bound: bound.project_id if bound.scope.lease else None,
    "leased_owner": lambda bound: bound.owner if bound.scope.lease else None,
    "share_hash": lambda bound: bound.scope.share_hash,
    "shared_project": lambda bound: bound.project_id if bound.scope.share_hash else None,
    "whole_store": lambda bound: int(bound.scope.whole),
}
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
WRITING = READING | {
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
}
CALLABLE = {*FUNCTIONS, "count", "max", "coalesce"}

_FOREIGN_PROJECT = "{p}.owner is not uid() and {p}.id is not leased_project() and {p}.id is not shared_project()"
_IN_PROJECT_THAT_IS = "exists (select 1 from main.projects p where p.id = ROW.project_id and ({}))"
_OF_FOREIGN_PROJECT = _IN_PROJECT_THAT_IS.format(_FOREIGN_PROJECT.format(p="p"))
_NOT_ITS_OWNERS = f"{_OF_FOREIGN_PROJECT} or {_IN_PROJECT_THAT_IS.format('p.owner is not ROW.owner')}"
FOREIGN = dict.fromkeys((*OF_PROJECT, "shares", "variables"), _OF_FOREIGN_PROJECT) | {
    "projects": _FOREIGN_PROJECT.format(p="ROW"),
    "runs": _NOT_ITS_OWNERS,
    "followups": _NOT_ITS_OWNERS,
    "profiles": "ROW.id is not uid()",
    "usage_counters": "ROW.owner is not uid() and ROW.owner is not leased_owner()",
    "usage_ledger": "ROW.owner is not uid() and ROW.owner is not leased_owner()",
    "tiers": "1",
    "billing_events": "1",
    "app_secrets": "1",
}
"""When a row is none of the scope's. One whose project is gone is on its way out with it."""


def install(connection: sqlite3.Connection, bound: Bound) -> None:
    """The functions and the views, on a connection that is trusted with the tables."""
    _define(connection, bound)
    for name, body in VIEWS.items():
        connection.execute(f"create temp view {name} as {body}")


def confine(connection: sqlite3.Connection, bound: Bound) -> None:
    """The functions and the views, and from now on the connection has nothing but them."""
    _define(connection, bound)
    # The authorizer is told by which name a table is being read. A query can give any name to a subquery, so only views
    # whose names nobody can guess may read tables; the known ones read those.
    secret = secrets.token_hex(16)
    doors = {f"{name}_{secret}" for name in VIEWS}
    for name, body in VIEWS.items():
        connection.execute(f"create temp view {name}_{secret} as {body}")
        connection.execute(f"create temp view {name} as select * from {name}_{secret}")

    def permits(action: int, first: str | None, second: str | None, _base: str | None, source: str | None) -> int:
        match action:
            case sqlite3.SQLITE_READ:
                allowed = source in doors or first in doors or first in VIEWS
            case sqlite3.SQLITE_FUNCTION:
                allowed = second in CALLABLE
            case _:
                allowed = action in READING
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    connection.set_authorizer(permits)


def guard(connection: sqlite3.Connection, bound: Bound) -> None:
    """The functions and the views, and from now on writes rows of the scope only, and no schema."""
    install(connection, bound)
    # Without this, a row that `insert or replace` takes away would not be asked about.
    connection.execute("pragma recursive_triggers = on")
    for table, foreign in FOREIGN.items():
        for verb, rows in (("insert", ("new",)), ("update", ("old", "new")), ("delete", ("old",))):
            refused = " or ".join(f"({foreign.replace('ROW', row)})" for row in rows)
            _refuse(connection, f"{table}_{verb}", f"{verb} on main.{table}", refused)
    _refuse(connection, "owner", "update of id, owner on main.projects", "1")
    _refuse(connection, "paid", "update of tier, customer_id, billing_at on main.profiles", "1")

    def permits(action: int, first: str | None, *_: str | None) -> int:
        allowed = action in WRITING or (action == sqlite3.SQLITE_PRAGMA and first == "data_version")
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    connection.set_authorizer(permits)


def _define(connection: sqlite3.Connection, bound: Bound) -> None:
    for name, answer in FUNCTIONS.items():
        connection.create_function(name, 0, lambda answer=answer: answer(bound))


def _refuse(connection: sqlite3.Connection, name: str, what: str, when: str) -> None:
    connection.execute(
        f"""create temp trigger guard_{name} before {what} when not whole_store() and ({when})
        begin select raise(abort, 'this row is not of the scope'); end"""
    )
