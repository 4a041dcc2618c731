"""What a worker does under its lease, on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from backend.diffs import file_change
from backend.domain import (
    CheckReport,
    FileChange,
    Lease,
    LeaseLost,
    NotFound,
    OpenRun,
    Preview,
    Project,
    Run,
    RunKind,
    RunStatus,
    Version,
)
from backend.events import Entry, Event, Frame, RunClaimed, RunFinished, SandboxClosed, VersionCommitted
from backend.store import Poke
from backend.store.pokes import QUEUE
from backend.store.sqlite_journal import (
    end_frames,
    finish,
    new_id,
    newest_run,
    put_blobs,
    require_blobs,
    set_tree,
    write_entry,
)
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import (
    find_blobs,
    find_entries,
    find_tree,
    to_open_run,
    to_preview,
    to_project,
    to_run,
    to_version,
)
from backend.store.sqlite_scope import STORE, under
from backend.store.sqlite_turns import CLAIMABLE, next_run
from backend.store.text import require_json, require_text


class WorkerPart(Part):
    async def claim_run(
        self, worker: str, lease_s: float, run_id: str | None = None
    ) -> tuple[Run, Project, Lease] | None:
        def claim(db: sqlite3.Connection) -> tuple[Run, Project, Lease] | None:
            now, token = self._clock(), f"{worker}:{new_id()}"
            row = db.execute(
                f"""update runs set status = 'running', lease = :token, lease_until = :until, attempt = attempt + 1,
                    started_at = coalesce(started_at, :now)
                where id = :run_id and {CLAIMABLE} returning *""",
                {
                    "now": now,
                    "token": token,
                    "until": now + lease_s,
                    "run_id": next_run(db, now) if run_id is None else run_id,
                },
            ).fetchone()
            if row is None:
                return None
            run = to_run(row)
            db.execute("delete from frames where run_id = ?", (run.id,))
            write_entry(db, run.project_id, run.id, RunClaimed(attempt=run.attempt), now)
            project = to_project(db.execute("select * from projects where id = ?", (run.project_id,)).fetchone())
            return run, project, Lease(run_id=run.id, token=token)

        claimed = await self.database.write(STORE, claim)
        if claimed:
            self._pokes.poke(claimed[0].project_id)
        return claimed

    async def renew_lease(self, lease: Lease, lease_s: float) -> Run:
        def renew(db: sqlite3.Connection) -> Run:
            _held(db)
            row = db.execute(
                "update runs set lease_until = ? where id = ? returning *", (self._clock() + lease_s, lease.run_id)
            ).fetchone()
            return to_run(row)

        return await self.database.write(under(lease), renew)

    async def leased_run(self, lease: Lease) -> Run:
        return await self.database.read(under(lease), lambda db: _held(db))

    async def leased_project(self, lease: Lease) -> Project:
        def find(db: sqlite3.Connection) -> Project:
            _held(db)
            return to_project(db.execute("select * from leased_projects").fetchone())

        return await self.database.read(under(lease), find)

    async def leased_entries(self, lease: Lease, after: int = 0, limit: int = 1000) -> list[Entry]:
        return await self.database.read(
            under(lease), lambda db: find_entries(db, "leased", _held(db).project_id, after, limit)
        )

    async def leased_version(self, lease: Lease, version_id: str) -> Version:
        def find(db: sqlite3.Connection) -> Version:
            sql = "select * from leased_versions where id = ? and project_id = ?"
            row = db.execute(sql, (version_id, _held(db).project_id)).fetchone()
            if row is None:
                raise NotFound("There is no such version of this project.")
            return to_version(row)

        return await self.database.read(under(lease), find)

    async def leased_variables(self, lease: Lease) -> dict[str, str]:
        def find(db: sqlite3.Connection) -> dict[str, str]:
            _held(db)
            return {row["name"]: row["sealed"] for row in db.execute("select name, sealed from leased_variables")}

        return await self.database.read(under(lease), find)

    async def leased_tree(self, lease: Lease) -> dict[str, str]:
        return await self.database.read(under(lease), lambda db: find_tree(db, "leased", _held(db).project_id))

    async def leased_blobs(self, lease: Lease, sha256s: Sequence[str]) -> dict[str, bytes]:
        return await self.database.read(
            under(lease), lambda db: find_blobs(db, "leased", _held(db).project_id, sha256s)
        )

    def watch_run(self, run: Run) -> AbstractContextManager[Poke]:
        return self._pokes.watch(run.project_id)

    async def release_lease(self, lease: Lease) -> None:
        def release(db: sqlite3.Connection) -> None:
            _held(db)
            db.execute(
                "update runs set status = 'queued', lease = null, lease_until = null where id = ?", (lease.run_id,)
            )

        await self.database.write(under(lease), release)
        self._pokes.poke(QUEUE)

    async def append(
        self, lease: Lease, events: Sequence[Event], *, step: str | None = None, blobs: Sequence[bytes] = ()
    ) -> list[Entry]:
        def write(db: sqlite3.Connection) -> tuple[str, list[Entry]]:
            run = _held(db)
            if step is not None:
                known = "select 1 from entries where run_id = ? and step = ?"
                if db.execute(known, (run.id, step)).fetchone():
                    return run.project_id, []
                end_frames(db, run.id, step)
            now = self._clock()
            put_blobs(db, run.project_id, blobs)
            return run.project_id, [
                write_entry(db, run.project_id, run.id, event, now, step if i == 0 else None)
                for i, event in enumerate(events)
            ]

        project_id, entries = await self.database.write(under(lease), write)
        self._pokes.poke(project_id)
        return entries

    async def write_frame(self, lease: Lease, frame: Frame) -> None:
        body = frame.model_dump_json()
        require_json(body, "frame")

        def write(db: sqlite3.Connection) -> str:
            run = _held(db)
            db.execute(
                "insert into frames (project_id, run_id, step, frame) values (?, ?, ?, ?)",
                (run.project_id, run.id, frame.step, body),
            )
            return run.project_id

        self._pokes.poke(await self.database.write(under(lease), write))

    async def set_preview(self, project_id: str, lease: Lease, sandbox_id: str | None, preview_url: str | None) -> None:
        def write(db: sqlite3.Connection) -> None:
            if _held(db).project_id != project_id:
                raise LeaseLost("The lease is for a run of another project.")
            db.execute(
                "update projects set sandbox_id = ?, preview_url = ? where id = ?",
                (sandbox_id, preview_url, project_id),
            )

        await self.database.write(under(lease), write)
        self._pokes.poke(project_id)

    async def commit_version(
        self, lease: Lease, title: str, manifest: Mapping[str, str], report: CheckReport | None
    ) -> Version:
        require_text(title, "title")

        # Told apart before the transaction: comparing large files takes long, and only this lease moves the head.
        changes = await self.database.read(under(lease), lambda db: _changes(db, manifest))

        def commit(db: sqlite3.Connection) -> Version:
            run = _held(db)
            known = db.execute("select * from versions where run_id = ?", (run.id,)).fetchone()
            if known is not None:
                return to_version(known)
            number = (
                1 + db.execute("select max(number) from versions where project_id = ?", (run.project_id,)).fetchone()[0]
            )
            now, screenshot = self._clock(), report.screenshot_sha256 if report else None
            row = db.execute(
                "insert into versions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
                (
                    new_id(),
                    run.project_id,
                    number,
                    _base(db, run).id,
                    run.id,
                    title,
                    json.dumps(dict(manifest)),
                    report.model_dump_json() if report else None,
                    screenshot,
                    now,
                ),
            ).fetchone()
            version = to_version(row)
            db.execute("update projects set head_id = ? where id = ?", (version.id, run.project_id))
            set_tree(db, run.project_id, manifest)
            event = VersionCommitted(
                version_id=version.id,
                number=number,
                title=title,
                verified=version.verified,
                changes=changes,
                screenshot_sha256=screenshot,
            )
            write_entry(db, run.project_id, run.id, event, now)
            return version

        version = await self.database.write(under(lease), commit)
        self._pokes.poke(version.project_id)
        return version

    async def run_status(self, run_id: str) -> RunStatus:
        def find(db: sqlite3.Connection) -> RunStatus:
            row = db.execute("select status from runs where id = ?", (run_id,)).fetchone()
            if row is None:
                raise NotFound("There is no such run. Its project may have been deleted.")
            return RunStatus(row["status"])

        return await self.database.read(STORE, find)

    async def finish_run(self, lease: Lease, event: Event) -> None:
        if not isinstance(event, RunFinished):
            raise TypeError(f"A run is finished by a RunFinished event, not by {type(event).__name__}.")

        def end(db: sqlite3.Connection) -> str | None:
            row = db.execute("select status from leased_runs").fetchone()
            if row is not None and RunStatus(row["status"]).over and row["status"] == event.status:
                return None
            run = _held(db)
            finish(db, run, event, self._clock())
            return run.project_id

        if project_id := await self.database.write(under(lease), end):
            self._pokes.poke(project_id)
            self._pokes.poke(QUEUE)

    async def open_runs(self, limit: int = 1000) -> list[OpenRun]:
        def find(db: sqlite3.Connection) -> list[OpenRun]:
            sql = "select * from runs where status in ('queued', 'running') order by created_at limit ?"
            now = self._clock()
            return [to_open_run(row, now) for row in db.execute(sql, (limit,))]

        return await self.database.read(STORE, find)

    async def pending(self) -> int:
        def count(db: sqlite3.Connection) -> int:
            sql = f"select count(*) from runs where {CLAIMABLE}"
            return db.execute(sql, {"now": self._clock()}).fetchone()[0]

        return await self.database.read(STORE, count)

    async def claimable(self, limit: int) -> list[str]:
        def find(db: sqlite3.Connection) -> list[str]:
            sql = f"select id from runs where {CLAIMABLE} order by created_at limit :limit"
            return [row["id"] for row in db.execute(sql, {"now": self._clock(), "limit": limit})]

        return await self.database.read(STORE, find)

    def watch_queue(self) -> AbstractContextManager[Poke]:
        return self._pokes.watch(QUEUE)

    async def previews(self) -> list[Preview]:
        def find(db: sqlite3.Connection) -> list[Preview]:
            now = self._clock()
            rows = db.execute(
                """select * from projects p where sandbox_id > ''
                and not exists (select 1 from runs r
                    where r.project_id = p.id and r.status in ('queued', 'running'))"""
            )
            return [to_preview(row, now) for row in rows]

        return await self.database.read(STORE, find)

    async def unclaimed_sandboxes(self, sandbox_ids: Sequence[str]) -> list[str]:
        def find(db: sqlite3.Connection) -> list[str]:
            claimed = "select 1 from projects where sandbox_id = ?"
            return [sandbox_id for sandbox_id in sandbox_ids if not db.execute(claimed, (sandbox_id,)).fetchone()]

        return await self.database.read(STORE, find)

    async def clear_preview(self, project_id: str, sandbox_id: str) -> None:
        def clear(db: sqlite3.Connection) -> None:
            changed = db.execute(
                "update projects set sandbox_id = null, preview_url = null where id = ? and sandbox_id = ?",
                (project_id, sandbox_id),
            ).rowcount
            run_id = newest_run(db, project_id)
            if changed and run_id:
                write_entry(db, project_id, run_id, SandboxClosed(reason="The sandbox is gone."), self._clock())

        await self.database.write(STORE, clear)
        self._pokes.poke(project_id)


def _held(db: sqlite3.Connection) -> Run:
    """The run of the lease that the transaction is under, if that still holds."""
    row = db.execute("select * from leased_runs where status = 'running'").fetchone()
    if row is None:
        raise LeaseLost("Another worker has this run, or it is over.")
    return to_run(row)


def _head(db: sqlite3.Connection) -> Version:
    sql = "select v.* from leased_versions v join leased_projects p on p.head_id = v.id"
    return to_version(db.execute(sql).fetchone())


def _base(db: sqlite3.Connection, run: Run) -> Version:
    """The version that the run started from."""
    if run.restore_id is None:
        return _head(db)
    return to_version(db.execute("select * from leased_versions where id = ?", (run.restore_id,)).fetchone())


def _changes(db: sqlite3.Connection, after: Mapping[str, str]) -> list[FileChange]:
    """Against the parent; of a `restore`, which has none of its own, what it turned back."""
    run = _held(db)
    project_id = run.project_id
    require_blobs(db, project_id, after.values(), "leased_blobs")
    before = (_head(db) if run.kind is RunKind.RESTORE else _base(db, run)).manifest

    def body(sha256: str | None) -> bytes | None:
        if sha256 is None:
            return None
        found = db.execute("select body from leased_blobs where project_id = ? and sha256 = ?", (project_id, sha256))
        return found.fetchone()["body"]

    changes = (
        file_change(path, body(before.get(path)), body(after.get(path)))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )
    return [change for change in changes if change]
