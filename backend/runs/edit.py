"""A run of kind `edit`: the person changed files by hand."""

import time
from collections.abc import Mapping

from backend.domain import FailureCode
from backend.events import StepStarted, ToolFinished
from backend.runs.check import check_and_commit
from backend.runs.job import Finish, Job, failed
from backend.runs.sandbox import in_sandbox
from backend.telemetry import span
from backend.workspace import PathRefused
from backend.workspace.contract import Workspace

STEP = "tool:0:0"


async def run_edit(job: Job) -> Finish:
    edits = job.run.edits
    blobs = await job.store.leased_blobs(job.lease, [sha for sha in edits.values() if sha])
    files = {path: blobs[sha256] if sha256 else None for path, sha256 in edits.items()}
    target = next(iter(files)) if len(files) == 1 else f"{len(files)} files"

    async def work(workspace: Workspace) -> Finish:
        try:
            await write_step(job, workspace, files, STEP, "edit", target)
        except PathRefused as e:
            return failed(FailureCode.UNSUPPORTED, e.message, "Choose another file.")
        return await check_and_commit(job, workspace, job.run.prompt)

    return await in_sandbox(job, work)


async def write_step(
    job: Job, workspace: Workspace, files: Mapping[str, bytes | None], step: str, tool: str, target: str
) -> None:
    """Write the files as one tool step; once, however often the run is resumed. Raises `PathRefused`."""
    if job.journal.done(step):
        return
    await job.journal.append(StepStarted(step=step, kind="tool", tool=tool, target=target))
    began = time.monotonic()
    with span("tool", {"codeflow.step": step, "codeflow.tool": tool}):
        written = await workspace.write(files)
    finished = ToolFinished(
        step=step,
        call_id=step,
        tool=tool,
        target=target,
        ok=True,
        result=f"The person changed {', '.join(w.change.path for w in written) or 'nothing'}.",
        changes=[w.change for w in written],
        duration_ms=round((time.monotonic() - began) * 1000),
    )
    await job.journal.append(finished, step=step, blobs=[w.content for w in written if w.content is not None])
