"""Taking back what a stopped run wrote: the project's files become those of its newest version again."""

import asyncio
import logging
import time
from collections.abc import Mapping

from backend.agent.journal import UNDO_STEP
from backend.diffs import file_change
from backend.domain import FileChange, Project
from backend.events import StepStarted, ToolFinished
from backend.runs.job import Job
from backend.runs.restore import name_of
from backend.telemetry import span
from backend.workspace import WorkspaceError

log = logging.getLogger(__name__)

IN_SANDBOX_S = 20.0
"""How long the sandbox may take."""


async def take_back(job: Job) -> None:
    """As one step, however often the run is resumed; in the sandbox too, as long as it lives. Raises `LeaseLost`."""
    if job.journal.done(UNDO_STEP):
        return
    project = await job.store.leased_project(job.lease)
    head = await job.store.leased_version(job.lease, project.head_id)
    target = name_of(head)
    await job.journal.append(StepStarted(step=UNDO_STEP, kind="tool", tool="undo", target=target))
    began = time.monotonic()
    before = await job.files()
    blobs = await job.store.leased_blobs(job.lease, list(set(head.manifest.values())))
    after = {path: blobs[sha256] for path, sha256 in head.manifest.items()}
    with span("tool", {"codeflow.step": UNDO_STEP, "codeflow.tool": "undo"}):
        await _in_sandbox(job, project, after)
    changes = await asyncio.to_thread(_changes, before, after)
    paths = ", ".join(change.path for change in changes) or "nothing, as nothing had changed"
    finished = ToolFinished(
        step=UNDO_STEP,
        call_id=UNDO_STEP,
        tool="undo",
        target=target,
        ok=True,
        result=f"Back to {target}: {paths}.",
        changes=changes,
        duration_ms=round((time.monotonic() - began) * 1000),
    )
    await job.journal.append(finished, step=UNDO_STEP)


async def _in_sandbox(job: Job, project: Project, files: Mapping[str, bytes]) -> None:
    """Before the journal says so: should this worker die meanwhile, the next one does it again."""
    try:
        async with asyncio.timeout(IN_SANDBOX_S):
            if project.sandbox_id and await job.workspaces.alive(project.sandbox_id):
                workspace = await job.workspaces.open(project.id, project.sandbox_id, files)
                await workspace.close()
    except Exception as e:
        # Whatever it is: the person waits for the files, and the next run's sandbox gets them from the journal.
        log.warning(
            "What run %s wrote stays in its sandbox: %s", job.run.id, e, exc_info=not isinstance(e, WorkspaceError)
        )


def _changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[FileChange]:
    changes = (file_change(path, before.get(path), after.get(path)) for path in sorted(before.keys() | after.keys()))
    return [change for change in changes if change]
