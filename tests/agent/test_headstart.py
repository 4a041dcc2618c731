"""The gate begins while the summary still comes, and what it finds counts only for the files it saw."""

import asyncio
import json

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from backend.agent.candidate import Candidate
from backend.agent.loop import run_agent
from backend.domain import CheckReport
from backend.events import CheckFinished
from backend.workspace.contract import Checked, Workspace
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, a_run, failing, passing
from tests.agent.scripts import models_of
from tests.agent.test_loop import PLENTY, START

WRITE = ("write_file", {"path": "lib/a.ts", "content": "export const a = 1;\n"})
FIX = ("write_file", {"path": "lib/fixed.ts", "content": "export const b = 1;\n"})
RUN = ("run_command", {"command": "true"})
FINISH = ("finish", {"summary": "Done."})
HALF = object()
"""Here the answer waits until the gate was asked."""


class Gate:
    def __init__(self) -> None:
        self.saw: list[set[str]] = []
        self.asked = asyncio.Event()

    async def __call__(self, workspace: Workspace) -> Checked:
        self.saw.append(set(workspace.files))
        self.asked.set()
        await asyncio.sleep(0.01)
        return Checked(self.found(workspace))

    def found(self, workspace: Workspace) -> CheckReport:
        return passing() if "lib/fixed.ts" in workspace.files else failing()


async def ran(gate: Gate, *answers: list) -> MemoryJournal:
    spoken = iter(answers)

    async def stream(messages: list[ModelMessage], _: AgentInfo):
        for place, call in enumerate(next(spoken)):
            name, args = FINISH if call is HALF else call
            yield {place: DeltaToolCall(name=name, json_args="", tool_call_id=f"c{len(messages)}-{place}")}
            if call is HALF:
                await asyncio.wait_for(gate.asked.wait(), 10)
            yield {place: DeltaToolCall(json_args=json.dumps(args))}

    journal = MemoryJournal(a_run())
    model = FunctionModel(stream_function=stream)
    models = models_of(Candidate("demo", "early", lambda: model))
    outcome = await run_agent(journal, MemoryWorkspace(START), gate, models, PLENTY)
    assert outcome.verified
    return journal


async def test_the_gate_is_asked_while_the_summary_is_still_written_and_only_once():
    gate = Gate()
    journal = await ran(gate, [WRITE, FIX, HALF])
    assert [report.report.passed for report in journal.events(CheckFinished)] == [True]
    assert len(gate.saw) == 1
    assert {"lib/a.ts", "lib/fixed.ts"} <= gate.saw[0]


async def test_what_comes_after_finish_in_an_answer_is_proven_too():
    gate = Gate()
    journal = await ran(gate, [WRITE, HALF, FIX])
    assert [report.report.passed for report in journal.events(CheckFinished)] == [True]
    assert "lib/fixed.ts" in gate.saw[-1]


async def test_a_command_before_finish_is_waited_for():
    gate = Gate()
    journal = await ran(gate, [WRITE, RUN, FINISH], [FIX, FINISH])
    assert [report.report.passed for report in journal.events(CheckFinished)] == [False, True]
    assert len(gate.saw) == 2


async def test_a_finish_that_is_refused_leaves_no_gate_behind():
    gate = Gate()
    wrong = ("edit_file", {"path": "lib/none.ts", "old": "a", "new": "b"})
    journal = await ran(gate, [wrong, HALF], [FIX, FINISH])
    assert [report.report.passed for report in journal.events(CheckFinished)] == [True]
    assert "lib/fixed.ts" in gate.saw[-1]
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if not task.done()]
