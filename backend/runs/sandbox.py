"""A run's sandbox: opened from the store's files, replaced when lost, and its dev server's log journaled."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from backend.events import LogLines, SandboxBooting, SandboxClosed, SandboxReady
from backend.runs.job import Job
from backend.runs.variables import environment
from backend.workspace import SandboxLost, SandboxUnavailable, WorkspaceError
from backend.workspace.contract import Workspace
from backend.workspace.redaction import RedactedWorkspace, Redaction

MAX_SANDBOXES = 4
"""A run whose sandbox is lost more often than this fails."""
HOST_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
LOG_S = 0.5
KEEP_S = 60.0
MAX_LOG_LINES = 600
"""Of the dev server, journaled in one run."""
MAX_LINE_CHARS = 2000

T = TypeVar("T")


async def in_sandbox(job: Job, work: Callable[[Workspace], Awaitable[T]]) -> T:
    """Do `work` in the project's sandbox; when that is lost, again in a new one: finished steps are not repeated.

    Raises `SandboxUnavailable`.
    """
    for _ in range(MAX_SANDBOXES):
        try:
            workspace = await _open_again(job)
        except SandboxLost as e:
            await _closed(job, e.message)
            continue
        try:
            async with _attended(job, workspace):
                return await work(workspace)
        except SandboxLost as e:
            await _closed(job, e.message)
        finally:
            with contextlib.suppress(WorkspaceError):
                await workspace.close()
    raise SandboxUnavailable(
        f"The sandbox was lost {MAX_SANDBOXES} times in this run, so the run was ended. Everything written is kept. "
        "Try again; if it goes on, the app may use more memory than a sandbox has."
    )


async def settle_preview(job: Job) -> None:
    """A preview that was announced and will not come is called off."""
    if isinstance(_last_word(job), SandboxBooting):
        await _closed(job, "The run ended before the sandbox was ready.")


async def _open_again(job: Job) -> Workspace:
    """In a run that had a sandbox there was a host: one that died with it is waited for while it starts again."""
    for pause_s in HOST_PAUSES_S if any(isinstance(e.event, SandboxReady) for e in job.journal.entries) else ():
        with contextlib.suppress(SandboxUnavailable):
            return await _open(job)
        await asyncio.sleep(pause_s)
    return await _open(job)


async def _open(job: Job) -> Workspace:
    project = await job.store.leased_project(job.lease)
    known = project.sandbox_id
    alive = known is not None and await job.workspaces.alive(known)
    if not alive and not isinstance(_last_word(job), SandboxBooting):
        had_one = any(isinstance(e.event, SandboxReady) for e in job.journal.entries)
        await job.journal.append(SandboxBooting(reason="lost" if had_one else "new"))
    began = time.monotonic()
    variables = await environment(job)
    workspace = await job.workspaces.open(project.id, known if alive else None, await job.files(), variables)
    told = _last_word(job)
    same = isinstance(told, SandboxReady) and told.sandbox_id == workspace.sandbox_id
    if not same or project.preview_url != workspace.preview_url:
        await job.store.set_preview(project.id, job.lease, workspace.sandbox_id, workspace.preview_url)
        await job.journal.append(
            SandboxReady(
                sandbox_id=workspace.sandbox_id,
                preview_url=workspace.preview_url,
                duration_ms=round((time.monotonic() - began) * 1000),
            )
        )
    return RedactedWorkspace(workspace, Redaction(variables)) if variables else workspace


async def _closed(job: Job, reason: str) -> None:
    await job.store.set_preview(job.project.id, job.lease, None, None)
    await job.journal.append(SandboxClosed(reason=reason))


def _last_word(job: Job) -> SandboxBooting | SandboxReady | SandboxClosed | None:
    """What the journal last said of the sandbox."""
    for entries in (job.journal.entries, job.journal.past):
        for entry in reversed(entries):
            if isinstance(entry.event, SandboxBooting | SandboxReady | SandboxClosed):
                return entry.event
    return None


@contextlib.asynccontextmanager
async def _attended(job: Job, workspace: Workspace) -> AsyncIterator[None]:
    """While the block runs, the sandbox is kept awake, however long a model thinks, and its dev server's log journaled."""
    attending = [asyncio.create_task(_pump(job, workspace)), asyncio.create_task(_keep(job, workspace))]
    try:
        yield
    finally:
        for task in attending:
            task.cancel()
        await asyncio.wait(attending)
        for task in attending:
            if not task.cancelled():
                task.result()


async def _keep(job: Job, workspace: Workspace) -> None:
    while True:
        await asyncio.sleep(KEEP_S)
        with contextlib.suppress(WorkspaceError):
            await job.workspaces.keep(workspace.sandbox_id)


async def _pump(job: Job, workspace: Workspace) -> None:
    """Up to a bound."""
    room = MAX_LOG_LINES - sum(
        len(e.event.lines) for e in job.journal.entries if isinstance(e.event, LogLines) and e.event.source == "dev"
    )
    while room > 0:
        await asyncio.sleep(LOG_S)
        try:
            lines = await workspace.dev_log()
        except WorkspaceError:
            # The work itself meets the same loss and deals with it.
            return
        if len(lines) >= room:
            lines = [*lines[: room - 1], "… the dev server printed more; the rest of this run's log is left out"]
        if lines:
            await job.journal.append(LogLines(source="dev", lines=[line[:MAX_LINE_CHARS] for line in lines]))
            room -= len(lines)
