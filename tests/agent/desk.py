"""One run's tools at work: calls in order, each seeing what came before."""

from pydantic_ai.messages import ToolCallPart

from backend.agent.acting import act
from backend.agent.scope import Scope
from backend.domain import CheckReport
from backend.events import ToolFinished
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, a_run, passing


class Desk:
    def __init__(self, workspace: MemoryWorkspace, prompt: str = "") -> None:
        self.workspace = workspace
        self._journal = MemoryJournal(a_run(prompt))
        self._scope = Scope(prompt, workspace.files)
        self._calls = 0

    async def call(self, tool: str, **args: object) -> ToolFinished:
        self._calls += 1
        call = ToolCallPart(tool, args, f"c{self._calls}")
        finished = await act(self._journal, f"tool:{self._calls}:0", call, None, self.workspace, _prove, self._scope)
        self._scope.note(finished)
        return finished


async def _prove() -> CheckReport:
    return passing()
