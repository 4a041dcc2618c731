"""A user's runs, on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.domain import ASKING, Attachment, Busy, Hold, Run, RunKind, RunStatus, Tier, User
from backend.events import CancelRequested, RunFinished, RunQueued, sandbox_seconds
from backend.store.pokes import QUEUE
from backend.store.sqlite_journal import active_run, finish, hold, put_attachments, put_blobs, write_entry
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import (
    attachments_adapter,
    find_entries_of_run,
    owned_followup,
    owned_project,
    owned_run,
    owned_version,
    to_run,
)
from backend.store.sqlite_scope import as_user
from backend.store.sqlite_usage import charge, know, require_preview_room, tier_of
from backend.store.text import require_id, require_paths, require_text


@dataclass(frozen=True)
class Draft:
    """What becomes a run."""

    id: str
    project_id: str
    kind: RunKind
    prompt: str
    attachments: list[Attachment]
    restore_id: str | None = None
    resends: str | None = None
    edits: Mapping[str, str | None] = field(default_factory=dict)


class RunPart(Part):
    async def start_run(
        self,
        user: User,
        project_id: str,
        run_id: str,
        kind: RunKind,
        prompt: str,
        *,
        attachments: Sequence[tuple[str, str, bytes]] = (),
        restore_id: str | None = None,
        resends: str | None = None,
        edits: Mapping[str, bytes | None] | None = None,
    ) -> Run:
        require_id(run_id)
        require_text(prompt, "prompt")
        require_paths(edits or ())

        def start(db: sqlite3.Connection) -> Run:
            if is_known(db, run_id):
                return to_run(owned_run(db, run_id))
            if db.execute("select 1 from followups where id = ?", (run_id,)).fetchone():
                owned_followup(db, run_id)
                raise Busy("This prompt already waits for the run before it. Send it from there.")
            owned_project(db, project_id)
            if restore_id is not None:
                owned_version(db, restore_id, project_id)
            if resends is not None:
                owned_run(db, resends, project_id)
            now = self._clock()
            know(db, user, self._default_tier, now)
            kept = {path: body for path, body in (edits or {}).items() if body is not None}
            hashes = dict(zip(kept, put_blobs(db, project_id, kept.values()), strict=True))
            draft = Draft(
                run_id,
                project_id,
                kind,
                prompt,
                put_attachments(db, project_id, attachments),
                restore_id,
                resends,
                {path: hashes.get(path) for path in edits or ()},
            )
            return queue_run(db, user, tier_of(db, user, self._default_tier), draft, now)

        run = await self.database.write(as_user(user), start)
        self._pokes.poke(run.project_id)
        self._pokes.poke(QUEUE)
        return run

    async def run(self, user: User, run_id: str) -> Run:
        return await self.database.read(as_user(user), lambda db: to_run(owned_run(db, run_id)))

    async def active_run(self, user: User, project_id: str) -> Run | None:
        def find(db: sqlite3.Connection) -> Run | None:
            owned_project(db, project_id)
            row = active_run(db, project_id)
            return None if row is None else to_run(row)

        return await self.database.read(as_user(user), find)

    async def cancel_run(self, user: User, run_id: str, *, undo: bool = False) -> Run:
        def cancel(db: sqlite3.Connection) -> Run:
            row, now = owned_run(db, run_id), self._clock()
            run, lease_until = to_run(row), row["lease_until"]
            if run.status.over:
                return run
            take_back = undo or run.undo_requested
            alone = run.status is RunStatus.QUEUED or (lease_until is not None and lease_until < now)
            if alone and not (take_back and run.attempt):
                finished = RunFinished(
                    status=RunStatus.CANCELLED,
                    verified=False,
                    duration_s=round(now - run.created_at.timestamp(), 3),
                    cost_micros=run.cost_micros,
                    sandbox_s=sandbox_seconds(find_entries_of_run(db, run)),
                )
                finish(db, run, finished, now)
            elif not run.cancel_requested or take_back > run.undo_requested:
                db.execute("update runs set cancel_requested = 1, undo_requested = ? where id = ?", (take_back, run_id))
                write_entry(db, run.project_id, run_id, CancelRequested(undo=take_back), now)
                hold(db, run.project_id, Hold.STOPPED, now)
            return to_run(owned_run(db, run_id))

        run = await self.database.write(as_user(user), cancel)
        self._pokes.poke(run.project_id)
        if not run.status.over:
            self._pokes.poke(QUEUE)
        return run


def queue_run(db: sqlite3.Connection, user: User, tier: Tier, draft: Draft, now: float) -> Run:
    """However a user's run comes about: one at a time, paid for, journaled. The draft's project is the user's, its blobs are there.

    Raises `Busy` and `LimitReached`, having written nothing.
    """
    if active_run(db, draft.project_id):
        raise Busy("A run is already under way on this project. Wait until it is done, or stop it.")
    if draft.kind in ASKING:
        charge(db, user, tier, draft.id, now)
    else:
        require_preview_room(db, user, tier, draft.project_id, now)
    row = db.execute(
        """insert into runs (id, project_id, owner, kind, status, prompt, attachments, restore_id, resends, edits,
            created_at, budget_micros)
        values (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?) returning *""",
        (
            draft.id,
            draft.project_id,
            user.id,
            draft.kind,
            draft.prompt,
            attachments_adapter.dump_json(draft.attachments).decode(),
            draft.restore_id,
            draft.resends,
            json.dumps(dict(draft.edits)),
            now,
            tier.run_budget_micros,
        ),
    ).fetchone()
    queued = RunQueued(
        kind=draft.kind,
        prompt=draft.prompt,
        attachments=draft.attachments,
        restore_id=draft.restore_id,
        resends=draft.resends,
    )
    write_entry(db, draft.project_id, draft.id, queued, now)
    return to_run(row)


def is_known(db: sqlite3.Connection, run_id: str) -> bool:
    """Whether the id was used, be it for a run that is gone with its project: a prompt is paid for once per id."""
    sql = "select 1 from runs where id = :run union all select 1 from usage_ledger where run_id = :run"
    return db.execute(sql, {"run": run_id}).fetchone() is not None
