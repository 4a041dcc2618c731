"""The gate for runs no agent leads: checked once, and the report decides."""

import time

from backend.domain import CheckReport, Failure, FailureCode, RunStatus
from backend.events import CheckFinished, StepStarted
from backend.runs.commit import commit
from backend.runs.job import Finish, Job
from backend.telemetry import span
from backend.workspace.contract import Workspace

STEP = "check:0"


async def check_and_commit(job: Job, workspace: Workspace, title: str) -> Finish:
    """Verified files become a version; others stay in the tree, and the run says what is broken."""
    report = await checked(job, workspace)
    if not report.passed:
        first = report.problems[0].message.partition("\n")[0] if report.problems else "a check could not run"
        return Finish(
            RunStatus.FAILED,
            failure=Failure(
                code=FailureCode.CHECKS,
                message=f"The files are saved, but the app does not pass its checks: {first[:300]}",
                action="Change the files again, ask for a repair in the chat, or go back to an earlier version.",
            ),
        )
    version = await commit(job, workspace, title, report)
    return Finish(RunStatus.SUCCEEDED, verified=True, version_id=version.id if version else None)


async def checked(job: Job, workspace: Workspace) -> CheckReport:
    """The gate's report as the run's one check step; a repeat returns the first."""
    for entry in job.journal.entries:
        if isinstance(entry.event, CheckFinished) and entry.event.step == STEP:
            return entry.event.report
    await job.journal.append(StepStarted(step=STEP, kind="check"))
    began = time.monotonic()
    with span("check", {"codeflow.step": STEP}) as told:
        found = await job.gate(workspace)
        told.set_attribute("codeflow.passed", found.report.passed)
    duration_ms = round((time.monotonic() - began) * 1000)
    finished = CheckFinished(step=STEP, report=found.report, duration_ms=duration_ms)
    await job.journal.append(finished, step=STEP, blobs=found.blobs)
    return found.report
