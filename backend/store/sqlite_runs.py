"""A user's runs, on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from backend.domain import Attachment, Busy, Run, RunKind, RunStatus, User
from backend.events import CancelRequested, RunFinished, RunQueued
from backend.store.pokes import QUEUE
from backend.store.sqlite_journal import active_run, finish, put_blobs, write_entry
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import attachments_adapter, owned_project, owned_run, owned_version, to_run
from backend.store.sqlite_scope import as_user
from backend.store.sqlite_usage import charge, know, require_preview_room, tier_of
from backend.store.text import require_id, require_paths, require_text


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
        edits: Mapping[str, bytes | None] | None = None,
    ) -> Run:
        require_id(run_id)
        require_text(prompt, "prompt")
        require_paths(edits or ())

        def start(db: sqlite3.Connection) -> Run:
            if _is_known(db, run_id):
                return to_run(owned_run(db, run_id))
            owned_project(db, project_id)
            if active_run(db, project_id):
                raise Busy("A run is already under way on this project. Wait until it is done, or stop it.")
            if restore_id is not None:
                owned_version(db, restore_id, project_id)
            now = self._clock()
            know(db, user, self._default_tier, now)
            tier = tier_of(db, user, self._default_tier)
            if kind is RunKind.PROMPT:
                charge(db, user, tier, run_id, now)
            else:
                require_preview_room(db, user, tier, project_id, now)
            images = [
                Attachment(name=name, media_type=media_type, sha256=sha256)
                for (name, media_type, _), sha256 in zip(
                    attachments, put_blobs(db, project_id, (body for _, _, body in attachments)), strict=True
                )
            ]
            kept = {path: body for path, body in (edits or {}).items() if body is not None}
            hashes = dict(zip(kept, put_blobs(db, project_id, kept.values()), strict=True))
            row = db.execute(
                """insert into runs
                (id, project_id, owner, kind, status, prompt, attachments, restore_id, edits, created_at, budget_micros)
                values (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?) returning *""",
                (
                    run_id,
                    project_id,
                    user.id,
                    kind,
                    prompt,
                    attachments_adapter.dump_json(images).decode(),
                    restore_id,
                    json.dumps({path: hashes.get(path) for path in edits or ()}),
                    now,
                    tier.run_budget_micros,
                ),
            ).fetchone()
            write_entry(db, project_id, run_id, RunQueued(kind=kind, prompt=prompt, attachments=images), now)
            return to_run(row)

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

    async def cancel_run(self, user: User, run_id: str) -> Run:
        def cancel(db: sqlite3.Connection) -> Run:
            row, now = owned_run(db, run_id), self._clock()
            run, lease_until = to_run(row), row["lease_until"]
            if run.status.over:
                return run
            if run.status is RunStatus.QUEUED or (lease_until is not None and lease_until < now):
                finished = RunFinished(
                    status=RunStatus.CANCELLED,
                    verified=False,
                    duration_s=round(now - run.created_at.timestamp(), 3),
                    cost_micros=run.cost_micros,
                )
                finish(db, run, finished, now)
            elif not run.cancel_requested:
                db.execute("update runs set cancel_requested = 1 where id = ?", (run_id,))
                write_entry(db, run.project_id, run_id, CancelRequested(), now)
            return to_run(owned_run(db, run_id))

        run = await self.database.write(as_user(user), cancel)
        self._pokes.poke(run.project_id)
        return run


def _is_known(db: sqlite3.Connection, run_id: str) -> bool:
    """Whether the id was used, be it for a run that is gone with its project: a prompt is paid for once per id."""
    sql = "select 1 from runs where id = :run union all select 1 from usage_ledger where run_id = :run"
    return db.execute(sql, {"run": run_id}).fetchone() is not None
