"""A user's projects and what is in them, on SQLite. User ids reach SQL only as the transaction's scope."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from backend.domain import Busy, Project, ProjectCard, User, Version
from backend.events import Entry, Frame, ProjectTitled
from backend.store import Poke
from backend.store.sqlite_journal import (
    Starter,
    active_run,
    copy_blobs,
    delete_projects,
    digest,
    insert_project,
    newest_run,
    put_blobs,
    write_entry,
)
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import (
    find_blobs,
    find_entries,
    find_tree,
    moment,
    owned_project,
    owned_version,
    to_frame,
    to_project,
    to_version,
)
from backend.store.sqlite_scope import as_user
from backend.store.sqlite_usage import know
from backend.store.text import MAX_TITLE_CHARS, require_paths, require_title

COPY = " (copy)"
"""Ends a fork's title, however long the original's."""


class ProjectPart(Part):
    async def create_project(self, user: User, title: str, starter: Mapping[str, bytes]) -> Project:
        require_title(title)
        require_paths(starter)

        def create(db: sqlite3.Connection) -> Project:
            now = self._clock()
            know(db, user, self._default_tier, now)
            manifest = {path: digest(body) for path, body in starter.items()}
            project = insert_project(db, user.id, "app", title, Starter("Starter", manifest), now)
            put_blobs(db, project.id, starter.values())
            return project

        return await self.database.write(as_user(user), create)

    async def projects(self, user: User, limit: int = 100) -> list[ProjectCard]:
        def find(db: sqlite3.Connection) -> list[ProjectCard]:
            rows = db.execute(
                """select p.*,
                    (select h.screenshot_sha256 from my_versions h where h.id = p.head_id) screenshot_sha256,
                    exists (select 1 from my_runs r
                        where r.project_id = p.id and r.status in ('queued', 'running')) active,
                    (select count(*) from my_versions v where v.project_id = p.id and v.number > 0) versions
                from my_projects p order by p.updated_at desc limit ?""",
                (limit,),
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

        return await self.database.read(as_user(user), find)

    async def project(self, user: User, project_id: str) -> Project:
        return await self.database.read(as_user(user), lambda db: to_project(owned_project(db, project_id)))

    async def look_at(self, user: User, project_id: str) -> None:
        def look(db: sqlite3.Connection) -> None:
            owned_project(db, project_id)
            db.execute("update projects set looked_at = ? where id = ?", (self._clock(), project_id))

        await self.database.write(as_user(user), look)

    async def rename_project(self, user: User, project_id: str, title: str) -> None:
        require_title(title)

        def rename(db: sqlite3.Connection) -> None:
            owned_project(db, project_id)
            db.execute("update projects set title = ? where id = ?", (title, project_id))
            if run_id := newest_run(db, project_id):
                write_entry(db, project_id, run_id, ProjectTitled(title=title), self._clock())

        await self.database.write(as_user(user), rename)
        self._pokes.poke(project_id)

    async def delete_project(self, user: User, project_id: str) -> list[str]:
        def delete(db: sqlite3.Connection) -> list[str]:
            owned_project(db, project_id)
            if active_run(db, project_id):
                raise Busy("A run is still under way on this project. Stop it first, then delete the project.")
            return delete_projects(db, project_id)

        sandboxes = await self.database.write(as_user(user), delete)
        self._pokes.poke(project_id)
        return sandboxes

    async def fork_project(self, user: User, project_id: str, version_id: str) -> Project:
        def fork(db: sqlite3.Connection) -> Project:
            title: str = owned_project(db, project_id)["title"]
            starter = Starter.of(owned_version(db, version_id, project_id))
            copy_title = title[: MAX_TITLE_CHARS - len(COPY)] + COPY
            project = insert_project(db, user.id, "app", copy_title, starter, self._clock())
            copy_blobs(db, project_id, project.id, starter.contents())
            return project

        return await self.database.write(as_user(user), fork)

    async def entries(self, user: User, project_id: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        def find(db: sqlite3.Connection) -> list[Entry]:
            owned_project(db, project_id)
            return find_entries(db, "my", project_id, after, limit)

        return await self.database.read(as_user(user), find)

    async def frames(self, user: User, project_id: str, after: int = 0) -> list[tuple[int, Frame]]:
        def find(db: sqlite3.Connection) -> list[tuple[int, Frame]]:
            owned_project(db, project_id)
            return _frames(db, project_id, after)

        return await self.database.read(as_user(user), find)

    async def tail(
        self, user: User, project_id: str, after: int = 0, frames_after: int = 0, limit: int = 1000
    ) -> tuple[list[Entry], list[tuple[int, Frame]]]:
        def find(db: sqlite3.Connection) -> tuple[list[Entry], list[tuple[int, Frame]]]:
            owned_project(db, project_id)
            entries = find_entries(db, "my", project_id, after, limit)
            return entries, [] if len(entries) == limit else _frames(db, project_id, frames_after)

        return await self.database.read(as_user(user), find)

    async def version(self, user: User, version_id: str) -> Version:
        return await self.database.read(as_user(user), lambda db: owned_version(db, version_id))

    async def versions(self, user: User, project_id: str) -> list[Version]:
        def find(db: sqlite3.Connection) -> list[Version]:
            owned_project(db, project_id)
            rows = db.execute("select * from my_versions where project_id = ? order by number", (project_id,))
            return [to_version(row) for row in rows]

        return await self.database.read(as_user(user), find)

    async def tree(self, user: User, project_id: str) -> dict[str, str]:
        def find(db: sqlite3.Connection) -> dict[str, str]:
            owned_project(db, project_id)
            return find_tree(db, "my", project_id)

        return await self.database.read(as_user(user), find)

    async def blob(self, user: User, project_id: str, sha256: str) -> bytes:
        return (await self.blobs(user, project_id, [sha256]))[sha256]

    async def blobs(self, user: User, project_id: str, sha256s: Sequence[str]) -> dict[str, bytes]:
        def find(db: sqlite3.Connection) -> dict[str, bytes]:
            owned_project(db, project_id)
            return find_blobs(db, "my", project_id, sha256s)

        return await self.database.read(as_user(user), find)

    def watch(self, user: User, project_id: str) -> AbstractContextManager[Poke]:
        return self._pokes.watch(project_id)


def _frames(db: sqlite3.Connection, project_id: str, after: int) -> list[tuple[int, Frame]]:
    rows = db.execute(
        "select position, frame from my_frames where project_id = ? and position > ? order by position",
        (project_id, after),
    )
    return [to_frame(row) for row in rows]
