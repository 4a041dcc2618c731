"""Taking back what a stopped run wrote: the project's files become those it found when it began."""

import asyncio
import logging
import time
from collections.abc import Mapping

from backend.agent.journal import UNDO_STEP
from backend.diffs import file_change
from backend.domain import FileChange, Project, Version
from backend.events import StepStarted, ToolFinished, VersionCommitted
from backend.runs.job import Job
from backend.runs.restore import name_of
from backend.runs.variables import environment
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
    if head.run_id == job.run.id:
        # It came too late: the work was done, and is a version, which is left by going back to another one.
        return
    tree = await job.store.leased_tree(job.lease)
    found = found_by(job, head, tree)
    target = name_of(head) if found == head.manifest else "what was there before"
    await job.journal.append(StepStarted(step=UNDO_STEP, kind="tool", tool="undo", target=target))
    began = time.monotonic()
    blobs = await job.store.leased_blobs(job.lease, list({*tree.values(), *found.values()}))
    before = {path: blobs[sha256] for path, sha256 in tree.items()}
    after = {path: blobs[sha256] for path, sha256 in found.items()}
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


def found_by(job: Job, head: Version, tree: Mapping[str, str]) -> dict[str, str]:
    """path → sha256 of every file as the run found it, before the first change of its own. What earlier runs left
    without a version is among them.
    """
    earlier: dict[str, str | None] = dict(head.manifest)
    for entry in job.journal.past:
        if isinstance(entry.event, VersionCommitted) and entry.event.version_id == head.id:
            earlier = dict(head.manifest)
        elif isinstance(entry.event, ToolFinished):
            earlier |= {change.path: change.sha256 for change in entry.event.changes}
    own = [entry.event for entry in job.journal.entries if isinstance(entry.event, ToolFinished)]
    touched = {change.path for event in own for change in event.changes}
    found = {**tree, **{path: earlier.get(path) for path in touched}}
    return {path: sha256 for path, sha256 in found.items() if sha256}


async def _in_sandbox(job: Job, project: Project, files: Mapping[str, bytes]) -> None:
    """Before the journal says so: should this worker die meanwhile, the next one does it again."""
    try:
        async with asyncio.timeout(IN_SANDBOX_S):
            if project.sandbox_id and await job.workspaces.alive(project.sandbox_id):
                variables = await environment(job)
                workspace = await job.workspaces.open(project.id, project.sandbox_id, files, variables)
                await workspace.close()
    except Exception as e:
        # Whatever it is: the person waits for the files, and the next run's sandbox gets them from the journal.
        log.warning(
            "What run %s wrote stays in its sandbox: %s", job.run.id, e, exc_info=not isinstance(e, WorkspaceError)
        )


def _changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[FileChange]:
    changes = (file_change(path, before.get(path), after.get(path)) for path in sorted(before.keys() | after.keys()))
    return [change for change in changes if change]
