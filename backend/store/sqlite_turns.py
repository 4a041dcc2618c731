"""Whose run is next, on SQLite.

What a person waits for comes before a share's preview; then, of whoever has fewest runs under way, the oldest. It takes a
walk along an index to the first run of somebody who has none under way, and one look for each owner who has some: however
long the queue, runs are not sorted.
"""

import itertools
import sqlite3
from typing import Any

CLAIMABLE = "(status = 'queued' or (status = 'running' and lease_until < :now))"

_OF_A_SHARE = """case when r.kind = 'wake'
    then exists (select 1 from projects p where p.id = r.project_id and p.kind = 'share') else 0 end"""
_BUSY = "select owner from runs where status = 'running' and lease_until >= :now"
_OF_THE_IDLE = tuple(
    f"""select id, created_at from runs r where {waits} and owner not in ({_BUSY}) and ({_OF_A_SHARE}) = :share
    order by created_at limit 1"""
    for waits in ("status = 'queued'", "status = 'running' and lease_until < :now")
)
_OF_ONE = f"""select id, created_at from runs r where owner = :owner and status in ('queued', 'running') and {CLAIMABLE}
    and ({_OF_A_SHARE}) = :share order by created_at limit 1"""


def next_run(db: sqlite3.Connection, now: float) -> str | None:
    """The run to claim; None: nobody waits."""
    busy: list[sqlite3.Row] = db.execute(
        """select owner, count(*) runs from runs where status = 'running' and lease_until >= :now
        group by owner order by runs""",
        {"now": now},
    ).fetchall()
    for share in (False, True):
        asked: dict[str, Any] = {"now": now, "share": share}
        if found := _oldest(db, _OF_THE_IDLE, [asked]):
            return found
        for _, owners in itertools.groupby(busy, lambda row: row["runs"]):
            if found := _oldest(db, (_OF_ONE,), [asked | {"owner": row["owner"]} for row in owners]):
                return found
    return None


def _oldest(db: sqlite3.Connection, queries: tuple[str, ...], asked: list[dict[str, Any]]) -> str | None:
    rows = [row for sql in queries for parameters in asked for row in db.execute(sql, parameters)]
    return min(rows, key=lambda row: row["created_at"])["id"] if rows else None
