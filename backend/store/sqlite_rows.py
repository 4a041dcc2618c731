"""Rows to nouns and back."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, overload

from pydantic import TypeAdapter

from backend.domain import (
    Attachment,
    CheckReport,
    FollowUp,
    NotFound,
    OpenRun,
    Preview,
    Project,
    Run,
    Share,
    Tier,
    Version,
)
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
        model=row["model"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
    )


def to_preview(row: sqlite3.Row, now: float) -> Preview:
    looked_at: float | None = row["looked_at"]
    return Preview(
        project_id=row["id"],
        sandbox_id=row["sandbox_id"],
        preview_url=row["preview_url"],
        looked_s=None if looked_at is None else round(now - looked_at, 3),
        quiet_s=round(now - max(row["updated_at"], looked_at or 0.0), 3),
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
        resends=row["resends"],
        edits=json.loads(row["edits"]),
        attempt=row["attempt"],
        cancel_requested=bool(row["cancel_requested"]),
        undo_requested=bool(row["undo_requested"]),
        created_at=moment(row["created_at"]),
        started_at=moment(row["started_at"]),
        finished_at=moment(row["finished_at"]),
        cost_micros=row["cost_micros"],
        sandbox_s=row["sandbox_s"],
        budget_micros=row["budget_micros"],
    )


def to_open_run(row: sqlite3.Row, now: float) -> OpenRun:
    return OpenRun(
        id=row["id"],
        project_id=row["project_id"],
        owner=row["owner"],
        kind=row["kind"],
        status=row["status"],
        attempt=row["attempt"],
        cancel_requested=bool(row["cancel_requested"]),
        waited_s=round(now - row["created_at"], 3),
        lease_s=None if row["lease_until"] is None else round(row["lease_until"] - now, 3),
        worker=None if row["lease"] is None else row["lease"].rpartition(":")[0],
    )


def to_followup(row: sqlite3.Row) -> FollowUp:
    return FollowUp(
        id=row["id"],
        prompt=row["prompt"],
        attachments=attachments_adapter.validate_json(row["attachments"]),
        created_at=moment(row["created_at"]),
    )


def to_tier(row: sqlite3.Row) -> Tier:
    return Tier.model_validate(dict(row))


def to_share(row: sqlite3.Row) -> Share:
    return Share(
        id=row["id"],
        project_id=row["project_id"],
        version_id=row["version_id"],
        version_number=row["version_number"],
        history=bool(row["history"]),
        created_at=moment(row["created_at"]),
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


def owned_project(db: sqlite3.Connection, project_id: str) -> sqlite3.Row:
    row = db.execute("select * from my_projects where id = ?", (project_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such project. It may have been deleted; go back to your projects.")
    return row


def owned_run(db: sqlite3.Connection, run_id: str, project_id: str | None = None) -> sqlite3.Row:
    row = db.execute("select * from my_runs where id = ?", (run_id,)).fetchone()
    if row is None or (project_id is not None and row["project_id"] != project_id):
        raise NotFound("There is no such run. Its project may have been deleted.")
    return row


def owned_followup(db: sqlite3.Connection, followup_id: str) -> sqlite3.Row:
    row = db.execute("select * from my_followups where id = ?", (followup_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such waiting prompt. It may have been sent meanwhile.")
    return row


def owned_version(db: sqlite3.Connection, version_id: str, project_id: str | None = None) -> Version:
    row = db.execute("select * from my_versions where id = ?", (version_id,)).fetchone()
    if row is None or (project_id is not None and row["project_id"] != project_id):
        raise NotFound("There is no such version of this project.")
    return to_version(row)


Whose = Literal["my", "leased", "shared"]
"""Through whose views something is read."""


def find_entries(db: sqlite3.Connection, whose: Whose, project_id: str, after: int, limit: int) -> list[Entry]:
    rows = db.execute(
        f"select * from {whose}_entries where project_id = ? and seq > ? order by seq limit ?",
        (project_id, after, limit),
    )
    return [to_entry(row) for row in rows]


def find_entries_of_run(db: sqlite3.Connection, run: Run) -> list[Entry]:
    """As its owner reads them."""
    sql = "select * from my_entries where project_id = ? and run_id = ? order by seq"
    return [to_entry(row) for row in db.execute(sql, (run.project_id, run.id))]


def find_followups(
    db: sqlite3.Connection, project_id: str, followups: Literal["followups", "my_followups"] = "followups"
) -> list[FollowUp]:
    rows = db.execute(f"select * from {followups} where project_id = ? order by position", (project_id,))
    return [to_followup(row) for row in rows]


def find_tree(db: sqlite3.Connection, whose: Whose, project_id: str) -> dict[str, str]:
    rows = db.execute(f"select path, sha256 from {whose}_tree where project_id = ? order by path", (project_id,))
    return {row["path"]: row["sha256"] for row in rows}


def find_blobs(db: sqlite3.Connection, whose: Whose, project_id: str, sha256s: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for sha256 in set(sha256s):
        sql = f"select body from {whose}_blobs where project_id = ? and sha256 = ?"
        row = db.execute(sql, (project_id, sha256)).fetchone()
        if row is None:
            raise NotFound("There is no such file content in this project. Reload the page.")
        found[sha256] = row["body"]
    return found
