"""Public links to versions, on SQLite.

The preview of a share runs from a hidden project of the owner's, a copy of the version: what the owner does later, to the
project or its sandbox, is no visitor's, and a visitor reads nothing of the project but what the page shows.
"""

import json
import secrets
import sqlite3

from backend.domain import LimitKind, NotFound, Project, RunKind, RunStatus, Share, SharedVersion, ShareState, User
from backend.events import RunQueued
from backend.store.limits import limit_reached
from backend.store.pokes import QUEUE
from backend.store.sqlite_journal import (
    Starter,
    copy_blobs,
    insert_project,
    new_id,
    put_blobs,
    write_entry,
)
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import (
    find_blobs,
    find_tree,
    moment,
    owned_project,
    owned_version,
    to_share,
)
from backend.store.sqlite_scope import as_user, token_hash, visiting
from backend.store.sqlite_usage import know
from backend.store.text import MAX_TITLE_CHARS

WAKE_EVERY_S = 20
WAKES_AN_HOUR = 30


class SharePart(Part):
    async def create_share(self, user: User, project_id: str, version_id: str, history: bool) -> tuple[Share, str]:
        token = secrets.token_urlsafe(24)

        def create(db: sqlite3.Connection) -> Share:
            title: str = owned_project(db, project_id)["title"]
            starter, now = Starter.of(owned_version(db, version_id, project_id)), self._clock()
            preview = insert_project(db, user.id, "share", title, starter, now)
            copy_blobs(db, project_id, preview.id, starter.contents())
            share_id = new_id()
            db.execute(
                """insert into shares (id, token_hash, project_id, version_id, preview_project_id, history, created_at)
                values (?, ?, ?, ?, ?, ?, ?)""",
                (share_id, token_hash(token), project_id, version_id, preview.id, history, now),
            )
            return to_share(db.execute("select * from my_shares where id = ?", (share_id,)).fetchone())

        return await self.database.write(as_user(user), create), token

    async def shares(self, user: User, project_id: str) -> list[Share]:
        def find(db: sqlite3.Connection) -> list[Share]:
            owned_project(db, project_id)
            rows = db.execute(
                "select * from my_shares where project_id = ? and revoked_at is null order by created_at desc",
                (project_id,),
            )
            return [to_share(row) for row in rows]

        return await self.database.read(as_user(user), find)

    async def revoke_share(self, user: User, share_id: str) -> str | None:
        def revoke(db: sqlite3.Connection) -> str | None:
            share = db.execute("select * from my_shares where id = ?", (share_id,)).fetchone()
            if share is None:
                raise NotFound("There is no such share. Its project may have been deleted.")
            db.execute(
                "update shares set revoked_at = ? where id = ? and revoked_at is null", (self._clock(), share_id)
            )
            row = db.execute(
                "delete from projects where id = ? returning sandbox_id", (share["preview_project_id"],)
            ).fetchone()
            return row and row["sandbox_id"]

        return await self.database.write(as_user(user), revoke)

    async def remix(self, user: User, token: str) -> Project:
        def find(db: sqlite3.Connection) -> tuple[str, dict[str, str], dict[str, bytes]]:
            share = _shared(db)
            tree = find_tree(db, "shared", share["preview_project_id"])
            return share["title"], tree, find_blobs(db, "shared", share["preview_project_id"], tree.values())

        title, tree, blobs = await self.database.read(visiting(token), find)

        def create(db: sqlite3.Connection) -> Project:
            now = self._clock()
            know(db, user, self._default_tier, now)
            project = insert_project(
                db, user.id, "app", f"Remix of {title}"[:MAX_TITLE_CHARS], Starter("Starter", tree), now
            )
            put_blobs(db, project.id, blobs.values())
            return project

        return await self.database.write(as_user(user), create)

    async def open_share(self, token: str) -> SharedVersion:
        return await self.database.read(visiting(token), _shown)

    async def share_picture(self, token: str) -> bytes:
        def find(db: sqlite3.Connection) -> bytes:
            share = _shared(db)
            sha256 = share["screenshot_sha256"]
            if sha256 is None:
                raise NotFound("There is no picture of this version.")
            return find_blobs(db, "shared", share["preview_project_id"], [sha256])[sha256]

        return await self.database.read(visiting(token), find)

    async def wake_share(self, token: str) -> SharedVersion:
        def wake(db: sqlite3.Connection) -> SharedVersion:
            share, shown = _shared(db), _shown(db)
            if shown.state in (ShareState.READY, ShareState.WAKING):
                return shown
            now = self._clock()
            _require_rest(db, now)
            run_id, project_id = new_id(), share["preview_project_id"]
            db.execute(
                """insert into runs (id, project_id, owner, kind, status, prompt, attachments, edits, created_at)
                values (?, ?, ?, 'wake', 'queued', '', '[]', '{}', ?)""",
                (run_id, project_id, share["owner"], now),
            )
            write_entry(db, project_id, run_id, RunQueued(kind=RunKind.WAKE, prompt=""), now)
            return _shown(db)

        shown = await self.database.write(visiting(token), wake)
        self._pokes.poke(QUEUE)
        return shown


def _shared(db: sqlite3.Connection) -> sqlite3.Row:
    share = db.execute("select * from shared").fetchone()
    if share is None:
        raise NotFound("This link does not work. It may have been revoked; ask whoever gave it to you for a new one.")
    return share


def _shown(db: sqlite3.Connection) -> SharedVersion:
    share = _shared(db)
    state, preview_url = _state(db)
    prompts = db.execute("select prompt from shared_prompts order by created_at")
    return SharedVersion(
        title=share["title"],
        version_number=share["version_number"],
        created_at=moment(share["created_at"]),
        files=len(json.loads(share["manifest"])),
        screenshot=share["screenshot_sha256"] is not None,
        prompts=[row["prompt"] for row in prompts],
        state=state,
        preview_url=preview_url,
    )


def _state(db: sqlite3.Connection) -> tuple[ShareState, str | None]:
    newest = db.execute("select status from shared_runs order by created_at desc limit 1").fetchone()
    status = RunStatus(newest["status"]) if newest else None
    if status in (RunStatus.QUEUED, RunStatus.RUNNING):
        return ShareState.WAKING, None
    preview_url = db.execute("select preview_url from shared_previews").fetchone()["preview_url"]
    if preview_url is not None:
        return ShareState.READY, preview_url
    return ShareState.FAILED if status is RunStatus.FAILED else ShareState.OFF, None


def _require_rest(db: sqlite3.Connection, now: float) -> None:
    """Raise `LimitReached` when the preview was woken too often of late."""
    for span_s, limit in ((WAKE_EVERY_S, 1), (3600, WAKES_AN_HOUR)):
        rows = db.execute(
            "select created_at from shared_runs where created_at > ? order by created_at desc limit ?",
            (now - span_s, limit),
        ).fetchall()
        if len(rows) == limit:
            raise limit_reached(LimitKind.RATE, limit, moment(rows[-1]["created_at"] + span_s), moment(now))
