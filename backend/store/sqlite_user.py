"""What a user may do, on SQLite."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from backend.domain import (
    Attachment,
    Busy,
    NotFound,
    Project,
    ProjectCard,
    Run,
    RunKind,
    RunStatus,
    User,
    Version,
)
from backend.events import CancelRequested, Entry, Frame, ProjectTitled, RunFinished, RunQueued
from backend.store import Poke
from backend.store.pokes import Pokes
from backend.store.sqlite_database import Database
from backend.store.sqlite_journal import put_blobs, set_tree, write_entry
from backend.store.sqlite_rows import (
    attachments_adapter,
    find_blobs,
    find_entries,
    find_tree,
    moment,
    owned_project,
    owned_run,
    to_frame,
    to_project,
    to_run,
    to_version,
)
from backend.store.text import require_text

QUEUE = "queue"
"""The topic poked when a run can be claimed; project ids are the other topics."""


class UserPart:
    def __init__(self, database: Database, pokes: Pokes, clock: Callable[[], float]) -> None:
        self.database = database
        self._pokes = pokes
        self._clock = clock

    async def create_project(self, user: User, title: str, starter: Mapping[str, bytes]) -> Project:
        require_text(title, "title")

        def create(db: sqlite3.Connection) -> Project:
            now, project_id, version_id = self._clock(), new_id(), new_id()
            row = db.execute(
                "insert into projects (id, owner, title, head_id, created_at, updated_at) values (?, ?, ?, ?, ?, ?)"
                " returning *",
                (project_id, user.id, title, version_id, now, now),
            ).fetchone()
            manifest = dict(zip(starter, put_blobs(db, project_id, starter.values()), strict=True))
            db.execute(
                "insert into versions (id, project_id, number, title, manifest, created_at) values (?, ?, 0, ?, ?, ?)",
                (version_id, project_id, "Starter", json.dumps(manifest), now),
            )
            set_tree(db, project_id, manifest)
            return to_project(row)

        return await self.database.write(create)

    async def projects(self, user: User, limit: int = 100) -> list[ProjectCard]:
        def find(db: sqlite3.Connection) -> list[ProjectCard]:
            rows = db.execute(
                """select p.*, h.screenshot_sha256,
                    exists (select 1 from runs r
                        where r.project_id = p.id and r.status in ('queued', 'running')) active,
                    (select count(*) from versions v where v.project_id = p.id and v.number > 0) versions
                from projects p left join versions h on h.id = p.head_id
                where p.owner = ? order by p.updated_at desc limit ?""",
                (user.id, limit),
            )
            return [
                ProjectCard(
                    id=row["id"],
                    title=row["title"],
                    updated_at=moment(row["updated_at"]),
                    active=bool(row["active"]),
                    versions=row["versions"],
                    screenshot_sha256=row["screenshot_sha256"],
                )
                for row in rows
            ]

        return await self.database.read(find)

    async def project(self, user: User, project_id: str) -> Project:
        return await self.database.read(lambda db: to_project(owned_project(db, user, project_id)))

    async def rename_project(self, user: User, project_id: str, title: str) -> None:
        require_text(title, "title")

        def rename(db: sqlite3.Connection) -> None:
            owned_project(db, user, project_id)
            db.execute("update projects set title = ? where id = ?", (title, project_id))
            if run_id := newest_run(db, project_id):
                write_entry(db, project_id, run_id, ProjectTitled(title=title), self._clock())

        await self.database.write(rename)
        self._pokes.poke(project_id)

    async def delete_project(self, user: User, project_id: str) -> None:
        def delete(db: sqlite3.Connection) -> None:
            owned_project(db, user, project_id)
            if _active(db, project_id):
                raise Busy("A run is still under way on this project. Stop it first, then delete the project.")
            db.execute("delete from projects where id = ?", (project_id,))

        await self.database.write(delete)
        self._pokes.poke(project_id)

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
        require_text(prompt, "prompt")
        for path in edits or ():
            require_text(path, "path")

        def start(db: sqlite3.Connection) -> Run:
            known = db.execute("select * from runs where id = ?", (run_id,)).fetchone()
            if known is not None:
                return to_run(owned_run(db, user, run_id))
            owned_project(db, user, project_id)
            if _active(db, project_id):
                raise Busy("A run is already under way on this project. Wait until it is done, or stop it.")
            if restore_id is not None:
                _own_version(db, user, restore_id, project_id)
            images = [
                Attachment(name=name, media_type=media_type, sha256=sha256)
                for (name, media_type, _), sha256 in zip(
                    attachments, put_blobs(db, project_id, (body for _, _, body in attachments)), strict=True
                )
            ]
            kept = {path: body for path, body in (edits or {}).items() if body is not None}
            hashes = dict(zip(kept, put_blobs(db, project_id, kept.values()), strict=True))
            now = self._clock()
            row = db.execute(
                """insert into runs
                (id, project_id, owner, kind, status, prompt, attachments, restore_id, edits, created_at)
                values (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?) returning *""",
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
                ),
            ).fetchone()
            write_entry(db, project_id, run_id, RunQueued(kind=kind, prompt=prompt, attachments=images), now)
            return to_run(row)

        run = await self.database.write(start)
        self._pokes.poke(run.project_id)
        self._pokes.poke(QUEUE)
        return run

    async def run(self, user: User, run_id: str) -> Run:
        return await self.database.read(lambda db: to_run(owned_run(db, user, run_id)))

    async def active_run(self, user: User, project_id: str) -> Run | None:
        def find(db: sqlite3.Connection) -> Run | None:
            owned_project(db, user, project_id)
            row = _active(db, project_id)
            return None if row is None else to_run(row)

        return await self.database.read(find)

    async def cancel_run(self, user: User, run_id: str) -> Run:
        def cancel(db: sqlite3.Connection) -> Run:
            run, now = to_run(owned_run(db, user, run_id)), self._clock()
            if run.status.over:
                return run
            if run.status is RunStatus.QUEUED or _lease_expired(db, run_id, now):
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
            return to_run(owned_run(db, user, run_id))

        run = await self.database.write(cancel)
        self._pokes.poke(run.project_id)
        return run

    async def entries(self, user: User, project_id: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        def find(db: sqlite3.Connection) -> list[Entry]:
            owned_project(db, user, project_id)
            return find_entries(db, project_id, after, limit)

        return await self.database.read(find)

    async def frames(self, user: User, project_id: str, after: int = 0) -> list[tuple[int, Frame]]:
        def find(db: sqlite3.Connection) -> list[tuple[int, Frame]]:
            owned_project(db, user, project_id)
            return _frames(db, project_id, after)

        return await self.database.read(find)

    async def tail(
        self, user: User, project_id: str, after: int = 0, frames_after: int = 0, limit: int = 1000
    ) -> tuple[list[Entry], list[tuple[int, Frame]]]:
        def find(db: sqlite3.Connection) -> tuple[list[Entry], list[tuple[int, Frame]]]:
            owned_project(db, user, project_id)
            entries = find_entries(db, project_id, after, limit)
            return entries, [] if len(entries) == limit else _frames(db, project_id, frames_after)

        return await self.database.read(find)

    async def version(self, user: User, version_id: str) -> Version:
        return await self.database.read(lambda db: _own_version(db, user, version_id))

    async def versions(self, user: User, project_id: str) -> list[Version]:
        def find(db: sqlite3.Connection) -> list[Version]:
            owned_project(db, user, project_id)
            rows = db.execute("select * from versions where project_id = ? order by number", (project_id,))
            return [to_version(row) for row in rows]

        return await self.database.read(find)

    async def tree(self, user: User, project_id: str) -> dict[str, str]:
        def find(db: sqlite3.Connection) -> dict[str, str]:
            owned_project(db, user, project_id)
            return find_tree(db, project_id)

        return await self.database.read(find)

    async def blob(self, user: User, project_id: str, sha256: str) -> bytes:
        return (await self.blobs(user, project_id, [sha256]))[sha256]

    async def blobs(self, user: User, project_id: str, sha256s: Sequence[str]) -> dict[str, bytes]:
        def find(db: sqlite3.Connection) -> dict[str, bytes]:
            owned_project(db, user, project_id)
            return find_blobs(db, project_id, sha256s)

        return await self.database.read(find)

    def watch(self, user: User, project_id: str) -> AbstractContextManager[Poke]:
        return self._pokes.watch(project_id)


def new_id() -> str:
    return uuid.uuid4().hex


def newest_run(db: sqlite3.Connection, project_id: str) -> str | None:
    row = db.execute(
        "select id from runs where project_id = ? order by created_at desc, rowid desc limit 1", (project_id,)
    ).fetchone()
    return None if row is None else row["id"]


def finish(db: sqlite3.Connection, run: Run, event: RunFinished, now: float) -> None:
    """End the run in the queue and in the journal. Its lease's token stays, so that a repeat is known for one."""
    db.execute(
        "update runs set status = ?, finished_at = ?, lease_until = null, cost_micros = ? where id = ?",
        (event.status, now, event.cost_micros, run.id),
    )
    db.execute("delete from frames where run_id = ?", (run.id,))
    write_entry(db, run.project_id, run.id, event, now)


def _active(db: sqlite3.Connection, project_id: str) -> sqlite3.Row | None:
    return db.execute(
        "select * from runs where project_id = ? and status in ('queued', 'running')", (project_id,)
    ).fetchone()


def _lease_expired(db: sqlite3.Connection, run_id: str, now: float) -> bool:
    row = db.execute("select lease_until from runs where id = ?", (run_id,)).fetchone()
    return row["lease_until"] is not None and row["lease_until"] < now


def _own_version(db: sqlite3.Connection, user: User, version_id: str, project_id: str | None = None) -> Version:
    row = db.execute(
        "select v.* from versions v join projects p on p.id = v.project_id where v.id = ? and p.owner = ?",
        (version_id, user.id),
    ).fetchone()
    if row is None or (project_id is not None and row["project_id"] != project_id):
        raise NotFound("There is no such version of this project.")
    return to_version(row)


def _frames(db: sqlite3.Connection, project_id: str, after: int) -> list[tuple[int, Frame]]:
    rows = db.execute(
        "select position, frame from frames where project_id = ? and position > ? order by position",
        (project_id, after),
    )
    return [to_frame(row) for row in rows]
