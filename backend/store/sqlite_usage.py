"""What users have and spend, inside a transaction: one row a window, and a ledger in which nothing is written twice."""

import sqlite3
import uuid
from datetime import datetime

from backend.domain import LimitKind, Run, RunStatus, Tier, Usage, User
from backend.store.limits import limit_reached
from backend.store.sqlite_rows import moment, to_tier

ANONYMOUS = "anonymous"
QUEUED_S = 120
"""A prompt nobody claims for so long holds no place: its user must not wait for a worker that is not there."""
_ACTIVE = """select count(*) from my_runs where kind in ('prompt', 'plan') and
    ((status = 'queued' and created_at > :now - :queued) or (status = 'running' and lease_until >= :now))"""

PREVIEWS_A_PROMPT = 10
"""Previews a tier may have awake at once, for each prompt it may run at once."""
HEARD_OF_S = 3600
"""A preview nothing was heard of for so long has ended, whoever was to say so."""
_AWAKE = """select count(*) from my_projects p where p.updated_at > :since and p.id <> :but and (p.sandbox_id is not null
    or exists (select 1 from my_runs r where r.project_id = p.id and r.status in ('queued', 'running')))"""


def know(db: sqlite3.Connection, user: User, default_tier: str, now: float) -> None:
    """The user's profile is there, with the address they now have."""
    db.execute(
        """insert into profiles as p (id, email, tier, created_at) values (?, ?, ?, ?)
        on conflict (id) do update set email = excluded.email where p.email is not excluded.email""",
        (user.id, user.email, default_tier, now),
    )


def tier_of(db: sqlite3.Connection, user: User, default_tier: str) -> Tier:
    """While on trial `anonymous`, whatever the profile says."""
    profile = db.execute("select tier from my_profile").fetchone()
    tier_id = ANONYMOUS if user.anonymous else profile["tier"] if profile else default_tier
    return to_tier(db.execute("select * from all_tiers where id = ?", (tier_id,)).fetchone())


def usage_of(db: sqlite3.Connection, tier: Tier, now: float) -> Usage:
    used = {
        row["bucket"]: row
        for row in db.execute("select bucket, used, resets_at from my_usage_counters where resets_at > ?", (now,))
    }
    points, micros = used.get("points"), used.get("micros")
    return Usage(
        tier=tier,
        points_used=points["used"] if points else 0,
        resets_at=moment(points["resets_at"]) if points else None,
        spent_micros=micros["used"] if micros else 0,
        spent_resets_at=moment(micros["resets_at"]) if micros else None,
        active=db.execute(_ACTIVE, {"now": now, "queued": QUEUED_S}).fetchone()[0],
    )


def charge(db: sqlite3.Connection, user: User, tier: Tier, run_id: str, now: float) -> None:
    """One point for the prompt. Raises `LimitReached`, having charged nothing."""
    usage = usage_of(db, tier, now)

    def refuse(kind: LimitKind, limit: int, resets_at: datetime | None) -> None:
        raise limit_reached(kind, limit, resets_at, moment(now), anonymous=user.anonymous)

    if tier.concurrent is not None and usage.active >= tier.concurrent:
        refuse(LimitKind.CONCURRENT, tier.concurrent, None)
    if tier.budget_micros is not None and usage.spent_micros >= tier.budget_micros:
        refuse(LimitKind.BUDGET, tier.budget_micros, usage.spent_resets_at)
    window_id = _take(db, user.id, "points", 1, tier.points, tier.window_s, now)
    if window_id is None:
        assert tier.points is not None
        refuse(LimitKind.POINTS, tier.points, usage.resets_at)
    db.execute(
        "insert into usage_ledger (run_id, kind, owner, points, tier, window_id, at) values (?, 'charge', ?, 1, ?, ?, ?)",
        (run_id, user.id, tier.id, window_id, now),
    )


def require_preview_room(db: sqlite3.Connection, user: User, tier: Tier, project_id: str, now: float) -> None:
    """Room for one more preview, the project's. Raises `LimitReached`."""
    if tier.concurrent is None:
        return
    limit = PREVIEWS_A_PROMPT * max(1, tier.concurrent)
    if db.execute(_AWAKE, {"but": project_id, "since": now - HEARD_OF_S}).fetchone()[0] >= limit:
        raise limit_reached(LimitKind.PREVIEWS, limit, None, moment(now), anonymous=user.anonymous)


def settle(db: sqlite3.Connection, run: Run, status: RunStatus, cost_micros: int, now: float) -> None:
    """At a run's end: what it cost is spent, and a failure's point is given back into the window it came from."""
    charged = db.execute("select * from usage_ledger where run_id = ? and kind = 'charge'", (run.id,)).fetchone()
    if cost_micros > 0 and _note(db, run, "cost", 0, cost_micros, charged, now):
        _take(db, run.owner, "micros", cost_micros, None, _window_s(db, run, charged), now)
    if status is RunStatus.FAILED and charged and _note(db, run, "refund", -charged["points"], 0, charged, now):
        db.execute(
            """update usage_counters set used = max(0, used - ?)
            where owner = ? and bucket = 'points' and window_id = ?""",
            (charged["points"], run.owner, charged["window_id"]),
        )


def _take(
    db: sqlite3.Connection, owner: str, bucket: str, amount: int, limit: int | None, window_s: int, now: float
) -> str | None:
    """Add to the open window, or open one. The window's id, or None when the limit does not allow it."""
    row = db.execute(
        """insert into usage_counters as c (owner, bucket, used, window_id, resets_at)
        select :owner, :bucket, :amount, :window, :now + :window_s where :limit is null or :amount <= :limit
        on conflict (owner, bucket) do update set
            used = iif(c.resets_at <= :now, excluded.used, c.used + excluded.used),
            window_id = iif(c.resets_at <= :now, excluded.window_id, c.window_id),
            resets_at = iif(c.resets_at <= :now, excluded.resets_at, c.resets_at)
        where :limit is null or c.resets_at <= :now or c.used + excluded.used <= :limit
        returning window_id""",
        {
            "owner": owner,
            "bucket": bucket,
            "amount": amount,
            "limit": limit,
            "window": uuid.uuid4().hex,
            "window_s": window_s,
            "now": now,
        },
    ).fetchone()
    return None if row is None else row["window_id"]


def _note(
    db: sqlite3.Connection, run: Run, kind: str, points: int, micros: int, charged: sqlite3.Row | None, now: float
) -> bool:
    """Whether this was not in the ledger yet."""
    noted = db.execute(
        """insert into usage_ledger (run_id, kind, owner, points, micros, tier, window_id, at)
        values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing""",
        (
            run.id,
            kind,
            run.owner,
            points,
            micros,
            charged["tier"] if charged else None,
            charged["window_id"] if charged else None,
            now,
        ),
    )
    return noted.rowcount == 1


def _window_s(db: sqlite3.Connection, run: Run, charged: sqlite3.Row | None) -> int:
    """Of the tier that the run was started in."""
    sql = "select t.window_s from tiers t where t.id = coalesce(?, (select tier from profiles where id = ?))"
    return db.execute(sql, (charged["tier"] if charged else None, run.owner)).fetchone()[0]
