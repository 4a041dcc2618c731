"""A run of kind `prompt`: agents change the app until it passes the gate."""

from backend.domain import RunStatus
from backend.runs.commit import commit
from backend.runs.job import Finish, Job
from backend.runs.sandbox import in_sandbox
from backend.workspace.contract import Workspace

MAX_TITLE_CHARS = 80


async def run_prompt(job: Job) -> Finish:
    async def work(workspace: Workspace) -> Finish:
        outcome = await job.agent(job, workspace)
        if not outcome.succeeded:
            return Finish(RunStatus.FAILED, verified=outcome.verified, failure=outcome.failure)
        version = None
        if outcome.verified and outcome.report:
            version = await commit(job, workspace, version_title(job.run.prompt), outcome.report)
        return Finish(RunStatus.SUCCEEDED, verified=outcome.verified, version_id=version.id if version else None)

    return await in_sandbox(job, work)


def version_title(prompt: str) -> str:
    """The prompt's first line, cut at a word."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "")
    if len(line) <= MAX_TITLE_CHARS:
        return line
    return line[:MAX_TITLE_CHARS].rpartition(" ")[0].rstrip(" ,;:.") + " …"
