"""A plan is words: nothing is changed, nothing is proven, and what is built later knows of it."""

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel

from backend.agent.candidate import Candidate
from backend.agent.history import opening
from backend.agent.loop import run_agent
from backend.agent.roles import CODER
from backend.domain import RunKind
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, RuleGate, a_run
from tests.agent.scripts import models_of, told
from tests.agent.test_history import a_past, asked, ended, said
from tests.agent.test_loop import PLENTY, START


async def test_the_planner_may_look_and_answers_in_words():
    tools: list[str] = []
    instructions: list[str] = []

    async def stream(messages: list[ModelMessage], info: AgentInfo):
        tools.extend(tool.name for tool in info.function_tools)
        instructions.append(info.instructions or "")
        yield "1. **Board**: columns."

    candidate = Candidate("demo", "planner", lambda: FunctionModel(stream_function=stream))
    gate = RuleGate()
    journal = MemoryJournal(a_run("a board", kind=RunKind.PLAN))
    outcome = await run_agent(journal, MemoryWorkspace(START), gate, models_of(candidate), PLENTY)
    assert outcome.succeeded
    assert outcome.summary == "1. **Board**: columns."
    assert not outcome.changed
    assert gate.asked == 0
    assert tools == ["list_files", "read_file", "search"]
    assert instructions[0].startswith("You are the planner")


async def test_a_later_run_knows_the_plan():
    past = a_past([asked("a board", RunKind.PLAN), said("1. **Board**: columns."), ended()])
    text = told(await opening(MemoryJournal(a_run("build it"), past), CODER, ""))
    assert "a board" in text
    assert "1. **Board**: columns." in text
