"""What works on runs, imported when the first one needs it: the agents, and the gate they must pass."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from backend.runs.job import AgentWork, Job
from backend.workspace.contract import Checked, Workspace

if TYPE_CHECKING:
    from backend.agent.loop import Outcome
    from backend.agent.models import Models


def agent_work(models: Callable[[], Awaitable["Models"]]) -> AgentWork:
    """`models` is asked when the first prompt is worked on: it may still be finding out what there is."""

    async def work(job: Job, workspace: Workspace) -> "Outcome":
        chosen = (await models()).chosen(job.project.model)
        from backend.agent.budget import Budget
        from backend.agent.loop import run_agent

        variables = sorted(await job.store.leased_variables(job.lease))
        budget = Budget.for_run(job.settings, job.run)
        return await run_agent(job.journal, workspace, job.gate, chosen, budget, variables)

    return work


async def check_app(workspace: Workspace) -> Checked:
    """The gate of `backend.checks`."""
    from backend.checks import check

    return await check(workspace)
