"""Whose run is next, on SQLite.

What a person waits for comes before a share's preview; then, of whoever has fewest runs under way, the oldest. That takes
a walk along an index to the first run of somebody who has none under way, or one look for each owner who has some: however
long the queue, runs are not sorted.
"""

import itertools
import sqlite3
from collections.abc import Iterable
from typing import Any

CLAIMABLE = "(status = 'queued' or (status = 'running' and lease_until < :now))"

_WAITS = ("status = 'queued'", "status = 'running' and lease_until < :now")
"""One after the other, each is found by its index."""
_OF_A_PERSON = """case when r.kind = 'wake'
    then not exists (select 1 from shares s where s.preview_project_id = r.project_id) else 1 end"""
_UNDER_WAY = "status = 'running' and lease_until >= :now"
_OLDEST_OF_A_PERSON = [
    f"select created_at from runs r where {waits} and {_OF_A_PERSON} order by created_at limit 1" for waits in _WAITS
]
_TURN = f"created_at >= :since and (:shares or {_OF_A_PERSON})"
_OLDEST_OF_THE_IDLE = [
    f"""select id, created_at from runs r where {waits} and {_TURN}
    and owner not in (select owner from runs where {_UNDER_WAY}) order by created_at limit 1"""
    for waits in _WAITS
]
_OLDEST_OF_ONE = f"""select id, created_at from runs r where owner = :owner and status in ('queued', 'running')
    and {CLAIMABLE} and {_TURN} order by created_at limit 1"""


def next_run(db: sqlite3.Connection, now: float) -> str | None:
    """The run to claim; None: nobody waits."""
    persons = _oldest(db, _OLDEST_OF_A_PERSON, {"now": now})
    # Without a person's run, all that wait are shares'.
    turn = {"now": now, "since": persons["created_at"] if persons else 0, "shares": persons is None}
    if found := _oldest(db, _OLDEST_OF_THE_IDLE, turn):
        return found["id"]
    busy: list[sqlite3.Row] = db.execute(
        f"select owner, count(*) runs from runs where {_UNDER_WAY} group by owner order by runs", {"now": now}
    ).fetchall()
    for _, owners in itertools.groupby(busy, lambda row: row["runs"]):
        firsts = [_oldest(db, [_OLDEST_OF_ONE], turn | {"owner": row["owner"]}) for row in owners]
        if found := _earliest(first for first in firsts if first):
            return found["id"]
    return None


def _oldest(db: sqlite3.Connection, queries: Iterable[str], parameters: dict[str, Any]) -> sqlite3.Row | None:
    return _earliest(row for sql in queries for row in db.execute(sql, parameters))


def _earliest(rows: Iterable[sqlite3.Row]) -> sqlite3.Row | None:
    return min(rows, key=lambda row: row["created_at"], default=None)
