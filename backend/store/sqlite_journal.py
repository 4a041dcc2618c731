"""Writing to a project's journal, inside a transaction, with what each event does to the tables around it."""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from backend.domain import Attachment, FileChange, Hold, InvalidInput, Project, Run, RunStatus, Version
from backend.events import (
    CheckFinished,
    Entry,
    Event,
    FollowUpsChanged,
    ModelFinished,
    ModelRestarted,
    ModelSpent,
    ProjectTitled,
    RunFinished,
    RunQueued,
    StepStarted,
    ToolFinished,
    VersionCommitted,
    event_adapter,
)
from backend.store.sqlite_rows import find_followups, moment, to_project
from backend.store.sqlite_usage import settle
from backend.store.text import require_json


@dataclass(frozen=True)
class Starter:
    """What a project's version 0 is made of."""

    title: str
    manifest: Mapping[str, str]
    screenshot_sha256: str | None = None

    @classmethod
    def of(cls, version: Version) -> "Starter":
        return cls(version.title, version.manifest, version.report and version.report.screenshot_sha256)

    def contents(self) -> list[str]:
        """The hashes of all it names."""
        return [*self.manifest.values(), *([self.screenshot_sha256] if self.screenshot_sha256 else [])]


def insert_project(
    db: sqlite3.Connection, owner: str, kind: Literal["app", "share"], title: str, starter: Starter, now: float
) -> Project:
    """The caller puts the contents there, in the same transaction."""
    project_id, version_id = new_id(), new_id()
    row = db.execute(
        """insert into projects (id, owner, kind, title, head_id, created_at, updated_at)
        values (?, ?, ?, ?, ?, ?, ?) returning *""",
        (project_id, owner, kind, title, version_id, now, now),
    ).fetchone()
    db.execute(
        """insert into versions (id, project_id, number, title, manifest, screenshot_sha256, created_at)
        values (?, ?, 0, ?, ?, ?, ?)""",
        (version_id, project_id, starter.title, json.dumps(dict(starter.manifest)), starter.screenshot_sha256, now),
    )
    set_tree(db, project_id, starter.manifest)
    return to_project(row)


def delete_projects(db: sqlite3.Connection, project_id: str) -> list[str]:
    """The project, and the hidden ones its shares' previews run from. The sandboxes they had."""
    hidden = "select preview_project_id from shares where project_id = :project"
    rows = db.execute(
        f"delete from projects where id = :project or id in ({hidden}) returning sandbox_id", {"project": project_id}
    ).fetchall()
    return [row["sandbox_id"] for row in rows if row["sandbox_id"]]


def copy_blobs(db: sqlite3.Connection, source_id: str, target_id: str, sha256s: Iterable[str]) -> None:
    db.executemany(
        """insert into blobs select ?, sha256, body from blobs where project_id = ? and sha256 = ?
        on conflict do nothing""",
        [(target_id, source_id, sha256) for sha256 in set(sha256s)],
    )


def put_blobs(db: sqlite3.Connection, project_id: str, blobs: Iterable[bytes]) -> list[str]:
    """Store the contents; their digests, in order."""
    rows = [(project_id, digest(body), body) for body in blobs]
    db.executemany("insert into blobs values (?, ?, ?) on conflict do nothing", rows)
    return [sha256 for _, sha256, _ in rows]


def put_attachments(
    db: sqlite3.Connection, project_id: str, attachments: Sequence[tuple[str, str, bytes]]
) -> list[Attachment]:
    """`attachments` are (name, media type, bytes)."""
    hashes = put_blobs(db, project_id, (body for _, _, body in attachments))
    return [
        Attachment(name=name, media_type=media_type, sha256=sha256)
        for (name, media_type, _), sha256 in zip(attachments, hashes, strict=True)
    ]


def require_blobs(
    db: sqlite3.Connection, project_id: str, sha256s: Iterable[str], blobs: Literal["blobs", "leased_blobs"] = "blobs"
) -> None:
    """Raise `InvalidInput` when one of the contents is not in the store."""
    for sha256 in set(sha256s):
        found = db.execute(f"select 1 from {blobs} where project_id = ? and sha256 = ?", (project_id, sha256))
        if not found.fetchone():
            raise InvalidInput(f"The content {sha256} is named, but was not given to the store.")


def write_entry(
    db: sqlite3.Connection, project_id: str, run_id: str, event: Event, now: float, step: str | None = None
) -> Entry:
    require_blobs(db, project_id, _named(event))
    json = event_adapter.dump_json(event).decode()
    require_json(json, "event")
    seq: int = db.execute(
        "update projects set seq = seq + 1, updated_at = ? where id = ? returning seq", (now, project_id)
    ).fetchone()[0]
    db.execute("insert into entries values (?, ?, ?, ?, ?, ?)", (project_id, seq, run_id, step, now, json))
    _project(db, project_id, run_id, event)
    return Entry(seq=seq, run_id=run_id, at=moment(now), event=event)


def end_frames(db: sqlite3.Connection, run_id: str, step: str) -> None:
    db.execute("delete from frames where run_id = ? and step = ?", (run_id, step))


def set_tree(db: sqlite3.Connection, project_id: str, manifest: Mapping[str, str]) -> None:
    db.execute("delete from tree where project_id = ?", (project_id,))
    rows = [(project_id, path, sha256) for path, sha256 in manifest.items()]
    db.executemany("insert into tree values (?, ?, ?)", rows)


def active_run(db: sqlite3.Connection, project_id: str) -> sqlite3.Row | None:
    return db.execute(
        "select * from my_runs where project_id = ? and status in ('queued', 'running')", (project_id,)
    ).fetchone()


def newest_run(db: sqlite3.Connection, project_id: str) -> str | None:
    row = db.execute(
        "select id from runs where project_id = ? order by created_at desc, rowid desc limit 1", (project_id,)
    ).fetchone()
    return None if row is None else row["id"]


def finish(db: sqlite3.Connection, run: Run, event: RunFinished, now: float) -> None:
    """End the run in the queue, the journal and the books. Its lease's token stays, so that a repeat is known for one."""
    db.execute(
        "update runs set status = ?, finished_at = ?, lease_until = null, cost_micros = ?, sandbox_s = ? where id = ?",
        (event.status, now, event.cost_micros, event.sandbox_s, run.id),
    )
    db.execute("delete from frames where run_id = ?", (run.id,))
    write_entry(db, run.project_id, run.id, event, now)
    settle(db, run, event.status, event.cost_micros, now)
    if event.status is not RunStatus.SUCCEEDED:
        hold(db, run.project_id, Hold.STOPPED if event.status is RunStatus.CANCELLED else Hold.FAILED, now)


def hold(db: sqlite3.Connection, project_id: str, why: Hold, now: float) -> None:
    """The follow-ups of the project wait for the person from now on, if there are any. The newest reason counts."""
    held = db.execute(
        """update projects set hold = ? where id = ? and hold is not ?
        and exists (select 1 from followups f where f.project_id = projects.id)""",
        (why, project_id, why),
    )
    if held.rowcount:
        tell_followups(db, project_id, now)


def tell_followups(db: sqlite3.Connection, project_id: str, now: float) -> None:
    """Journal the project's follow-ups as they now are. The project has had a run."""
    held = db.execute("select hold from projects where id = ?", (project_id,)).fetchone()["hold"]
    run_id = newest_run(db, project_id)
    assert run_id is not None
    write_entry(db, project_id, run_id, FollowUpsChanged(followups=find_followups(db, project_id), held=held), now)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def new_id() -> str:
    return uuid.uuid4().hex


def _named(event: Event) -> Iterator[str]:
    match event:
        case RunQueued():
            yield from (a.sha256 for a in event.attachments)
        case ToolFinished() | VersionCommitted():
            yield from (c.sha256 for c in event.changes if c.sha256)
        case CheckFinished() if event.report.screenshot_sha256:
            yield event.report.screenshot_sha256


def _project(db: sqlite3.Connection, project_id: str, run_id: str, event: Event) -> None:
    match event:
        case ProjectTitled():
            db.execute("update projects set title = ? where id = ?", (event.title, project_id))
        case ToolFinished():
            for change in event.changes:
                _change_tree(db, project_id, change)
        case ModelFinished() | ModelSpent():
            db.execute("update runs set cost_micros = cost_micros + ? where id = ?", (event.cost_micros, run_id))
        case StepStarted() | ModelRestarted():
            # What a lost worker or a broken answer had streamed of this step is void.
            end_frames(db, run_id, event.step)


def _change_tree(db: sqlite3.Connection, project_id: str, change: FileChange) -> None:
    if change.sha256 is None:
        db.execute("delete from tree where project_id = ? and path = ?", (project_id, change.path))
    else:
        db.execute("insert or replace into tree values (?, ?, ?)", (project_id, change.path, change.sha256))
