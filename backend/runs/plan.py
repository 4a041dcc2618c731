"""A run of kind `plan`: the planner says how it would build what the prompt asks. The person goes on from there.

The sandbox opens meanwhile, so that building begins in a running one.
"""

from backend.domain import RunStatus
from backend.runs.job import Finish, Job
from backend.runs.sandbox import in_sandbox
from backend.workspace.contract import Workspace


async def run_plan(job: Job) -> Finish:
    async def work(workspace: Workspace) -> Finish:
        outcome = await job.agent(job, workspace)
        status = RunStatus.SUCCEEDED if outcome.succeeded else RunStatus.FAILED
        return Finish(status, failure=outcome.failure)

    return await in_sandbox(job, work)
