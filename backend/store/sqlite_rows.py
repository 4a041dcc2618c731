"""Rows to nouns and back."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import overload

from pydantic import TypeAdapter

from backend.domain import Attachment, CheckReport, NotFound, Project, Run, User, Version
from backend.events import Entry, Frame, event_adapter

attachments_adapter: TypeAdapter[list[Attachment]] = TypeAdapter(list[Attachment])


@overload
def moment(seconds: float) -> datetime: ...
@overload
def moment(seconds: None) -> None: ...
def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def to_project(row: sqlite3.Row) -> Project:
    return Project(
        id=row["id"],
        owner=row["owner"],
        title=row["title"],
        head_id=row["head_id"],
        sandbox_id=row["sandbox_id"],
        preview_url=row["preview_url"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
    )


def to_run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        project_id=row["project_id"],
        owner=row["owner"],
        kind=row["kind"],
        status=row["status"],
        prompt=row["prompt"],
        attachments=attachments_adapter.validate_json(row["attachments"]),
        restore_id=row["restore_id"],
        edits=json.loads(row["edits"]),
        attempt=row["attempt"],
        cancel_requested=bool(row["cancel_requested"]),
        created_at=moment(row["created_at"]),
        started_at=moment(row["started_at"]),
        finished_at=moment(row["finished_at"]),
        cost_micros=row["cost_micros"],
    )


def to_version(row: sqlite3.Row) -> Version:
    return Version(
        id=row["id"],
        project_id=row["project_id"],
        number=row["number"],
        parent_id=row["parent_id"],
        run_id=row["run_id"],
        title=row["title"],
        manifest=json.loads(row["manifest"]),
        report=None if row["report"] is None else CheckReport.model_validate_json(row["report"]),
        created_at=moment(row["created_at"]),
    )


def to_entry(row: sqlite3.Row) -> Entry:
    return Entry(
        seq=row["seq"],
        run_id=row["run_id"],
        at=moment(row["at"]),
        event=event_adapter.validate_json(row["event"]),
    )


def to_frame(row: sqlite3.Row) -> tuple[int, Frame]:
    return row["position"], Frame.model_validate_json(row["frame"])


def owned_project(db: sqlite3.Connection, user: User, project_id: str) -> sqlite3.Row:
    row = db.execute("select * from projects where id = ? and owner = ?", (project_id, user.id)).fetchone()
    if row is None:
        raise NotFound("There is no such project. It may have been deleted; go back to your projects.")
    return row


def owned_run(db: sqlite3.Connection, user: User, run_id: str) -> sqlite3.Row:
    row = db.execute("select * from runs where id = ? and owner = ?", (run_id, user.id)).fetchone()
    if row is None:
        raise NotFound("There is no such run. Its project may have been deleted.")
    return row


def find_entries(db: sqlite3.Connection, project_id: str, after: int, limit: int) -> list[Entry]:
    rows = db.execute(
        "select * from entries where project_id = ? and seq > ? order by seq limit ?", (project_id, after, limit)
    )
    return [to_entry(row) for row in rows]


def find_tree(db: sqlite3.Connection, project_id: str) -> dict[str, str]:
    rows = db.execute("select path, sha256 from tree where project_id = ? order by path", (project_id,))
    return {row["path"]: row["sha256"] for row in rows}


def find_blobs(db: sqlite3.Connection, project_id: str, sha256s: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for sha256 in set(sha256s):
        row = db.execute("select body from blobs where project_id = ? and sha256 = ?", (project_id, sha256)).fetchone()
        if row is None:
            raise NotFound("There is no such file content in this project. Reload the page.")
        found[sha256] = row["body"]
    return found
