"""A run of kind `prompt`: agents change the app until it passes the gate."""

from backend.agent.journal import BASE_STEP
from backend.domain import RunStatus
from backend.runs.best import keep_best
from backend.runs.check import checked
from backend.runs.commit import commit, unproven
from backend.runs.job import Finish, Job
from backend.runs.restore import become
from backend.runs.sandbox import in_sandbox
from backend.workspace.contract import Workspace

MAX_TITLE_CHARS = 80


async def run_prompt(job: Job) -> Finish:
    # Sent again, it starts from an earlier version.
    base = await job.store.leased_version(job.lease, job.run.restore_id) if job.run.restore_id else None

    async def work(workspace: Workspace) -> Finish:
        if base:
            await become(job, workspace, base, BASE_STEP)
        outcome = await job.agent(job, workspace)
        if not outcome.succeeded:
            return await keep_best(job, workspace, version_title(job.run.prompt), outcome)
        report = outcome.report
        if report is None and await unproven(job, workspace):
            # Nothing was left to do, but what an earlier run left behind was never proven.
            report = await checked(job, workspace)
        if report is None or not report.passed:
            return Finish(RunStatus.SUCCEEDED)
        version = await commit(job, workspace, version_title(job.run.prompt), report)
        return Finish(RunStatus.SUCCEEDED, verified=True, version_id=version.id if version else None)

    return await in_sandbox(job, work)


def version_title(prompt: str) -> str:
    """The prompt's first line, cut at a word."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "")
    if len(line) <= MAX_TITLE_CHARS:
        return line
    return line[:MAX_TITLE_CHARS].rpartition(" ")[0].rstrip(" ,;:.") + " …"
