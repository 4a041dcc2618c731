"""A claimed run and everything needed to work on it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backend.agent.gate import Gate
from backend.config import Settings
from backend.domain import Failure, FailureCode, Lease, Project, Run, RunStatus
from backend.runs.journal import RunJournal
from backend.store import Store
from backend.workspace.contract import Workspace, Workspaces

if TYPE_CHECKING:
    # Importing the loop takes seconds: only a process that works on prompts should wait for it.
    from backend.agent.loop import Outcome


@dataclass(frozen=True)
class Finish:
    """How the work on a run ended."""

    status: Literal[RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]
    verified: bool = False
    failure: Failure | None = None
    version_id: str | None = None


AgentWork = Callable[["Job", Workspace], Awaitable["Outcome"]]
"""Do what the run's prompt asks; called again after a loss, go on after the last finished step."""


@dataclass(frozen=True)
class Job:
    store: Store
    workspaces: Workspaces
    gate: Gate
    agent: AgentWork
    settings: Settings
    run: Run
    project: Project
    journal: RunJournal
    lease: Lease

    async def files(self) -> Mapping[str, bytes]:
        """The project's files as the journal has them now."""
        tree = await self.store.leased_tree(self.lease)
        blobs = await self.store.leased_blobs(self.lease, list(set(tree.values())))
        return {path: blobs[sha256] for path, sha256 in tree.items()}


def failed(code: FailureCode, message: str, action: str) -> Finish:
    return Finish(RunStatus.FAILED, failure=Failure(code=code, message=message, action=action))
