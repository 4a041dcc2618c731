"""A run of kind `wake`: the preview comes back; nothing is changed, so nothing is checked."""

from backend.domain import RunStatus
from backend.runs.job import Finish, Job
from backend.runs.sandbox import in_sandbox
from backend.workspace.contract import Workspace


async def run_wake(job: Job) -> Finish:
    async def work(workspace: Workspace) -> Finish:
        return Finish(RunStatus.SUCCEEDED)

    return await in_sandbox(job, work)
