"""What a user may do, on Supabase: tables are read through their row security, and written by functions."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from backend.domain import NotFound, NotSignedIn, Project, ProjectCard, Run, RunKind, Usage, User, Version
from backend.events import Entry, Frame
from backend.store import Poke
from backend.store.supabase_api import BLOBS_AT_ONCE, PAGE, Api, filtered, ordered
from backend.store.supabase_rows import (
    PROJECT_COLUMNS,
    RUN_COLUMNS,
    VERSION_COLUMNS,
    decoded,
    encoded,
    new_id,
    to_card,
    to_entries,
    to_frames,
    to_images,
    to_limit,
    to_project,
    to_run,
    to_usage,
    to_version,
)
from backend.store.supabase_watch import Watch, cancelled
from backend.store.text import require_id, require_paths, require_text, require_title


class UserPart:
    def __init__(self, api: Api, watch: Watch) -> None:
        self._api = api
        self._watch = watch

    async def create_project(self, user: User, title: str, starter: Mapping[str, bytes]) -> Project:
        require_title(title)
        require_paths(starter)
        files = {path: encoded(body) for path, body in starter.items()}
        row = await self._api.call(
            self._api.user(user), "create_project", p_id=new_id(), p_version_id=new_id(), p_title=title, p_files=files
        )
        return to_project(row)

    async def fork_project(self, user: User, project_id: str, version_id: str) -> Project:
        row = await self._api.call(
            self._api.user(user),
            "fork_project",
            p_project=project_id,
            p_version=version_id,
            p_id=new_id(),
            p_version_id=new_id(),
        )
        return to_project(row)

    async def projects(self, user: User, limit: int = 100) -> list[ProjectCard]:
        return [to_card(row) for row in await self._api.call(self._api.user(user), "project_cards", p_limit=limit)]

    async def project(self, user: User, project_id: str) -> Project:
        query = filtered(id=project_id, kind="app")
        rows = await self._api.rows(self._api.user(user), "projects", PROJECT_COLUMNS, query, limit=1)
        if not rows:
            raise NotFound("There is no such project. It may have been deleted; go back to your projects.")
        return to_project(rows[0])

    async def rename_project(self, user: User, project_id: str, title: str) -> None:
        require_title(title)
        await self._api.call(self._api.user(user), "rename_project", p_id=project_id, p_title=title)
        self._watch.wrote(project_id)

    async def look_at(self, user: User, project_id: str) -> None:
        await self._api.call(self._api.user(user), "look_at", p_project=project_id)

    async def delete_project(self, user: User, project_id: str) -> list[str]:
        sandboxes = await self._api.call_gone(self._api.user(user), NotFound, "delete_project", p_id=project_id)
        self._watch.wrote(project_id)
        return sandboxes or []

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
        answer = await self._api.call(
            self._api.user(user),
            "start_run",
            p_id=run_id,
            p_project=project_id,
            p_kind=kind,
            p_prompt=prompt,
            p_attachments=to_images(attachments),
            p_restore_id=restore_id,
            p_resends=resends,
            p_edits={path: None if body is None else encoded(body) for path, body in (edits or {}).items()},
        )
        if not answer["ok"]:
            raise to_limit(answer, anonymous=user.anonymous)
        run = to_run(answer["run"])
        self._watch.queued(run.project_id)
        return run

    async def run(self, user: User, run_id: str) -> Run:
        rows = await self._api.rows(self._api.user(user), "runs", RUN_COLUMNS, filtered(id=run_id), limit=1)
        if not rows:
            raise NotFound("There is no such run. Its project may have been deleted.")
        return to_run(rows[0])

    async def active_run(self, user: User, project_id: str) -> Run | None:
        row = await self._api.call(self._api.user(user), "active_run", p_project=project_id)
        return None if row is None else to_run(row)

    async def cancel_run(self, user: User, run_id: str, *, undo: bool = False) -> Run:
        run = to_run(await self._api.call(self._api.user(user), "cancel_run", p_id=run_id, p_undo=undo))
        self._watch.wrote(run.project_id)
        self._watch.wrote(cancelled(run.id))
        return run

    async def entries(self, user: User, project_id: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        return (await self._tail(user, project_id, after, None, limit))[0]

    async def frames(self, user: User, project_id: str, after: int = 0) -> list[tuple[int, Frame]]:
        return to_frames(await self._api.call(self._api.user(user), "read_frames", p_project=project_id, p_after=after))

    async def tail(
        self, user: User, project_id: str, after: int = 0, frames_after: int = 0, limit: int = 1000
    ) -> tuple[list[Entry], list[tuple[int, Frame]]]:
        return await self._tail(user, project_id, after, frames_after, limit)

    async def version(self, user: User, version_id: str) -> Version:
        query = filtered(id=version_id)
        rows = await self._api.rows(self._api.user(user), "versions", VERSION_COLUMNS, query, limit=1)
        if not rows:
            raise NotFound("There is no such version of this project.")
        return to_version(rows[0])

    async def versions(self, user: User, project_id: str) -> list[Version]:
        query = ordered(filtered(project_id=project_id), "number")
        rows = await self._api.rows(self._api.user(user), "versions", VERSION_COLUMNS, query)
        if not rows:
            # Every project is born with one.
            raise NotFound("There is no such project. It may have been deleted; go back to your projects.")
        return [to_version(row) for row in rows]

    async def tree(self, user: User, project_id: str) -> dict[str, str]:
        return await self._api.call(self._api.user(user), "read_tree", p_project=project_id)

    async def blob(self, user: User, project_id: str, sha256: str) -> bytes:
        return (await self.blobs(user, project_id, [sha256]))[sha256]

    async def blobs(self, user: User, project_id: str, sha256s: Sequence[str]) -> dict[str, bytes]:
        caller, wanted = self._api.user(user), sorted(set(sha256s))
        found: dict[str, bytes] = {}
        for start in range(0, max(1, len(wanted)), BLOBS_AT_ONCE):
            hashes = wanted[start : start + BLOBS_AT_ONCE]
            answer = await self._api.call(caller, "read_blobs", p_project=project_id, p_hashes=hashes)
            found |= {sha256: decoded(body) for sha256, body in answer.items()}
        return found

    def watch(self, user: User, project_id: str) -> AbstractContextManager[Poke]:
        return self._watch.project(user, project_id)

    async def usage(self, user: User) -> Usage:
        return to_usage(await self._api.call(self._api.user(user), "usage"))

    async def delete_account(self, user: User) -> list[str]:
        return await self._api.call_gone(self._api.user(user), NotSignedIn, "delete_account") or []

    async def _tail(
        self, user: User, project_id: str, after: int, frames_after: int | None, limit: int
    ) -> tuple[list[Entry], list[tuple[int, Frame]]]:
        """In pages; the frames are of the last page's moment. None: without frames."""
        caller = self._api.user(user)
        found: list[Entry] = []
        while True:
            size = min(PAGE, limit - len(found))
            answer = await self._api.call(
                caller,
                "tail",
                p_project=project_id,
                p_after=found[-1].seq if found else after,
                p_frames_after=frames_after,
                p_limit=size,
            )
            page = to_entries(answer["entries"])
            found += page
            if len(page) < size or len(found) == limit:
                return found, to_frames(answer["frames"])
