"""What the web and the command line ask of runs: start, stop, watch."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence

from backend.domain import (
    ASKING,
    Busy,
    CodeFlowError,
    FollowUp,
    InvalidInput,
    LimitReached,
    NotFound,
    Project,
    Run,
    RunKind,
    RunStatus,
    Share,
    SharedVersion,
    ShareState,
    User,
)
from backend.runs.dispatch import Dispatch
from backend.runs.inputs import Image, checked_edits, checked_images, checked_prompt, checked_title
from backend.runs.looking import Looking
from backend.runs.watching import Batch, Watching
from backend.store import Store
from backend.views import ProjectView, fold
from backend.workspace import WorkspaceError
from backend.workspace.contract import Workspaces
from backend.workspace.starter import starter_files

log = logging.getLogger(__name__)

PAGE = 1000
LET_GO_AT_ONCE = 16


class Runs:
    def __init__(self, store: Store, workspaces: Workspaces, dispatch: Dispatch | None = None) -> None:
        """Without `dispatch`, workers hear of queued runs from the store."""
        self._store = store
        self._workspaces = workspaces
        self._dispatch = dispatch
        self.watching = Watching(store)
        self.looking = Looking(store)

    async def start(
        self,
        user: User,
        project_id: str | None,
        prompt: str,
        attachments: Sequence[Image] = (),
        run_id: str | None = None,
        resends: str | None = None,
        kind: RunKind = RunKind.PROMPT,
    ) -> Run:
        """Queue a prompt, or with that `kind` a plan; without a project, in a new one. Twice with one `run_id` is once.

        `resends` is a run of the project whose prompt is sent again as this one: from the version that was the newest
        when that one was queued, or that it was sent again from itself; with its images, unless others are given.

        Raises `InvalidInput`, `NotFound` and `Busy`.
        """
        prompt = checked_prompt(prompt)
        images = checked_images(attachments)
        run_id = run_id or new_id()
        if project_id is not None and resends is not None:
            return await self._start_again(user, project_id, run_id, prompt, images, resends, kind)
        if project_id is not None:
            return await self._queue(user, project_id, run_id, kind, prompt, attachments=images)
        try:
            return await self._store.run(user, run_id)
        except NotFound:
            project = await self._store.create_project(user, "", starter_files())
        try:
            run = await self._queue(user, project.id, run_id, kind, prompt, attachments=images)
        except CodeFlowError:
            # It is Busy when the run was queued after all, and only the answer was lost: sent again, it is found.
            with contextlib.suppress(CodeFlowError):
                await self._store.delete_project(user, project.id)
            raise
        if run.project_id != project.id:
            # The same request came twice at once, and the other was faster.
            await self._store.delete_project(user, project.id)
        return run

    async def _start_again(
        self,
        user: User,
        project_id: str,
        run_id: str,
        prompt: str,
        images: Sequence[Image],
        resends: str,
        kind: RunKind,
    ) -> Run:
        before = await self._store.run(user, resends)
        if before.project_id != project_id:
            raise NotFound("There is no such message in this project. Reload the page.")
        if before.kind not in ASKING:
            raise InvalidInput("Only a message can be sent again. To undo this change, go back to a version before it.")
        # A plan changes nothing: it is made of the project as it is.
        base_id = before.restore_id if kind is RunKind.PROMPT else None
        if base_id is None and kind is RunKind.PROMPT:
            versions = await self._store.versions(user, project_id)
            base_id = max((v for v in versions if v.created_at <= before.created_at), key=lambda v: v.number).id
        if not images and before.attachments:
            blobs = await self._store.blobs(user, project_id, [a.sha256 for a in before.attachments])
            images = [(a.name, a.media_type, blobs[a.sha256]) for a in before.attachments]
        return await self._queue(
            user,
            project_id,
            run_id,
            kind,
            prompt,
            attachments=images,
            restore_id=base_id,
            resends=resends,
        )

    async def edit(
        self, user: User, project_id: str, files: Mapping[str, str | None], run_id: str | None = None
    ) -> Run:
        """Queue a change by hand; None deletes a file. Raises `InvalidInput`, `NotFound` and `Busy`."""
        edits = checked_edits(files)
        names = ", ".join(edits) if len(edits) <= 3 else f"{len(edits)} files"
        return await self._queue(user, project_id, run_id or new_id(), RunKind.EDIT, f"Edit {names}", edits=edits)

    async def restore(self, user: User, project_id: str, version_id: str, run_id: str | None = None) -> Run:
        """Queue going back to a version. Raises `NotFound` and `Busy`."""
        version = await self._store.version(user, version_id)
        name = f"version {version.number}" if version.number else "the starter"
        return await self._queue(
            user, project_id, run_id or new_id(), RunKind.RESTORE, f"Go back to {name}", restore_id=version_id
        )

    async def wake(self, user: User, project_id: str, run_id: str | None = None) -> Run:
        """Queue bringing the preview back; the run under way, when there is one, does it anyway. Raises `NotFound`."""
        if active := await self._store.active_run(user, project_id):
            return active
        try:
            return await self._queue(user, project_id, run_id or new_id(), RunKind.WAKE, "Wake the preview")
        except Busy:
            # Another page was faster.
            if active := await self._store.active_run(user, project_id):
                return active
            raise

    async def wake_share(self, token: str) -> SharedVersion:
        """Queue bringing a share's preview up. Raises `NotFound` and `LimitReached`."""
        shared = await self._store.wake_share(token)
        if self._dispatch and shared.state is ShareState.WAKING:
            # Whose run that is, nobody without an account is told.
            self._dispatch.queued(None)
        return shared

    async def cancel(self, user: User, run_id: str, undo: bool = False) -> Run:
        """Stop the run; with `undo`, take back what it wrote. Raises `NotFound`."""
        run = await self._store.cancel_run(user, run_id, undo=undo)
        # Its worker may have handed it back: then it takes another one to take back the files.
        self._tell(run)
        return run

    async def add_followup(
        self,
        user: User,
        project_id: str,
        prompt: str,
        attachments: Sequence[Image] = (),
        followup_id: str | None = None,
    ) -> tuple[FollowUp, Run | None]:
        """Have a prompt wait for the run under way; when there is nothing to wait for it is sent, and is the run too.

        Twice with one id is once. Raises `InvalidInput`, `NotFound`, and `LimitReached`: then it does not wait either.
        """
        prompt = checked_prompt(prompt)
        images = checked_images(attachments)
        followup = await self._store.add_followup(user, project_id, followup_id or new_id(), prompt, attachments=images)
        waiting = [other.id for other in await self._store.followups(user, project_id)]
        if followup.id in waiting:
            if waiting[0] != followup.id or await self._store.active_run(user, project_id):
                return followup, None
            try:
                await self.send_followup(user, project_id)
            except Busy:
                pass  # Somebody else was faster, with this one or with a run of their own.
            except LimitReached:
                await self._store.remove_followup(user, followup.id)
                raise
        # Sent here, by a worker in the meantime, or when it was added before; or removed since.
        try:
            return followup, await self._store.run(user, followup.id)
        except NotFound:
            return followup, None

    async def change_followup(self, user: User, followup_id: str, prompt: str) -> FollowUp:
        """Raises `InvalidInput`, and `NotFound`, also when it was sent meanwhile."""
        return await self._store.change_followup(user, followup_id, checked_prompt(prompt))

    async def move_followup(self, user: User, followup_id: str, before: str | None) -> None:
        """Before another one, or last. Raises `NotFound` for either."""
        await self._store.move_followup(user, followup_id, before)

    async def remove_followup(self, user: User, followup_id: str) -> None:
        await self._store.remove_followup(user, followup_id)

    async def send_followup(self, user: User, project_id: str) -> Run | None:
        """Send the first one now, also when they are held; None: there is none.

        Raises `NotFound`, `Busy` and `LimitReached`; then it goes on waiting.
        """
        run = await self._store.send_followup(user, project_id)
        if run:
            self._tell(run)
        return run

    async def fork(self, user: User, project_id: str, version_id: str) -> tuple[Project, Run | None]:
        """A copy of the project as it was at a version, and the run that brings its preview up, if there is room for it.

        Raises `NotFound`.
        """
        project = await self._store.fork_project(user, project_id, version_id)
        return project, await self._wake_if_possible(user, project)

    async def rename(self, user: User, project_id: str, title: str) -> Project:
        await self._store.rename_project(user, project_id, checked_title(title))
        return await self._store.project(user, project_id)

    async def delete(self, user: User, project_id: str) -> None:
        """The project, all its versions and shares, and their sandboxes. Raises `Busy` while a run is under way."""
        await self._let_go(*await self._store.delete_project(user, project_id))

    async def share(
        self, user: User, project_id: str, version_id: str | None = None, history: bool = False
    ) -> tuple[Share, str]:
        """A link to the version, or without one to the project's current version, and the link's token, told only now.

        Raises `NotFound`.
        """
        version_id = version_id or (await self._store.project(user, project_id)).head_id
        return await self._store.create_share(user, project_id, version_id, history)

    async def remix(self, user: User, token: str) -> Project:
        """The shared version as a project of the user's own, whose preview is on its way if there is room for it. Raises `NotFound`."""
        project = await self._store.remix(user, token)
        await self._wake_if_possible(user, project)
        return project

    async def revoke(self, user: User, share_id: str) -> None:
        """The share's link is dead, and its preview ends. Raises `NotFound`."""
        await self._let_go(await self._store.revoke_share(user, share_id))

    async def delete_account(self, user: User) -> None:
        """The user, everything of theirs, and its sandboxes."""
        await self._let_go(*await self._store.delete_account(user))

    async def _wake_if_possible(self, user: User, project: Project) -> Run | None:
        try:
            return await self.wake(user, project.id)
        except CodeFlowError as e:
            # The project is there all the same, and tried again this would make another; its page can wake it.
            log.info("The preview of copy %s stays asleep: %s", project.id, e.message)
            return None

    async def _queue(
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
        run = await self._store.start_run(
            user,
            project_id,
            run_id,
            kind,
            prompt,
            attachments=attachments,
            restore_id=restore_id,
            resends=resends,
            edits=edits,
        )
        self._tell(run)
        return run

    def _tell(self, run: Run) -> None:
        if self._dispatch and run.status is RunStatus.QUEUED:
            self._dispatch.queued(run.id)

    async def _let_go(self, *sandbox_ids: str | None) -> None:
        turn = asyncio.Semaphore(LET_GO_AT_ONCE)

        async def let_go(sandbox_id: str) -> None:
            try:
                async with turn:
                    await self._workspaces.kill(sandbox_id)
            except WorkspaceError as e:
                # What it showed is gone all the same, and a sandbox that is nobody's the reaper ends.
                log.warning("Sandbox %s could not be closed: %s", sandbox_id, e.message)

        await asyncio.gather(*(let_go(sandbox_id) for sandbox_id in sandbox_ids if sandbox_id))

    async def view(self, user: User, project_id: str) -> ProjectView:
        """Everything a page shows of the project, but for frames in flight and the files' contents."""
        project = await self._store.project(user, project_id)
        view = ProjectView(id=project.id, title=project.title)
        while True:
            page = await self._store.entries(user, project_id, view.seq, PAGE)
            for entry in page:
                fold(view, entry)
            if len(page) < PAGE:
                return view

    def watch(self, user: User, project_id: str, after: int = 0, frames_after: int = 0) -> AsyncGenerator[Batch]:
        """The project's journal from `after` on, without gap or repeat, for as long as the caller listens.

        Raises `NotFound`, also when the project is deleted meanwhile; `NotSignedIn` when the user's token is over, and
        `Unavailable`.
        """
        return self.watching.watch(user, project_id, after, frames_after)


def new_id() -> str:
    return uuid.uuid4().hex
