"""Writing to a project's journal, inside a transaction, with what each event does to the tables around it."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from backend.domain import FileChange, InvalidInput
from backend.events import (
    CheckFinished,
    Entry,
    Event,
    ModelFinished,
    ModelRestarted,
    ProjectTitled,
    RunQueued,
    StepStarted,
    ToolFinished,
    VersionCommitted,
    event_adapter,
)
from backend.store.sqlite_rows import moment
from backend.store.text import require_json


def put_blobs(db: sqlite3.Connection, project_id: str, blobs: Iterable[bytes]) -> list[str]:
    """Store the contents; their hashes, in order."""
    rows = [(project_id, hashlib.sha256(body).hexdigest(), body) for body in blobs]
    db.executemany("insert into blobs values (?, ?, ?) on conflict do nothing", rows)
    return [sha256 for _, sha256, _ in rows]


def require_blobs(db: sqlite3.Connection, project_id: str, sha256s: Iterable[str]) -> None:
    """Raise `InvalidInput` when one of the contents is not in the store."""
    for sha256 in set(sha256s):
        if not db.execute("select 1 from blobs where project_id = ? and sha256 = ?", (project_id, sha256)).fetchone():
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
        case ModelFinished():
            db.execute("update runs set cost_micros = cost_micros + ? where id = ?", (event.cost_micros, run_id))
        case StepStarted() | ModelRestarted():
            # What a lost worker or a broken answer had streamed of this step is void.
            end_frames(db, run_id, event.step)


def _change_tree(db: sqlite3.Connection, project_id: str, change: FileChange) -> None:
    if change.sha256 is None:
        db.execute("delete from tree where project_id = ? and path = ?", (project_id, change.path))
    else:
        db.execute("insert or replace into tree values (?, ?, ?)", (project_id, change.path, change.sha256))
