"""Files are written while the answer still streams, and taken back when it breaks off."""

import asyncio
import json

import pytest
from pydantic_ai.exceptions import ModelHTTPError, ModelRateLimitError
from pydantic_ai.models.function import DeltaToolCall, FunctionModel

from backend.agent.budget import Budget
from backend.agent.loop import run_agent
from backend.agent.models import Candidate
from backend.events import ModelFinished, ToolFinished
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, RuleGate, a_run
from tests.agent.scripts import models_of

START = {"app/page.tsx": b"Hello\n"}
PLENTY = Budget(1_000_000, 20)


def call(place: int, tool: str, **args: str) -> dict[int, DeltaToolCall]:
    return {place: DeltaToolCall(name=tool, json_args=json.dumps(args), tool_call_id=f"c{place}")}


def streaming(stream) -> Candidate:
    return Candidate("demo", "stream", lambda: FunctionModel(stream_function=stream))


async def test_file_is_in_the_sandbox_before_the_answer_ends_and_counted_once():
    workspace, journal = MemoryWorkspace(START), MemoryJournal(a_run())
    seen = []

    async def stream(messages, _):
        if len(messages) > 2:
            yield "Done."
            return
        yield call(0, "write_file", path="a.ts", content="1\n")
        yield call(1, "edit_file", path="app/page.tsx", old="Hello", new="Bye")
        yield call(2, "finish", summary="Said bye.")
        await asyncio.sleep(0.01)
        seen.append(dict(workspace.files))

    outcome = await run_agent(journal, workspace, RuleGate(), models_of(streaming(stream)), PLENTY)
    assert seen == [{"a.ts": b"1\n", "app/page.tsx": b"Bye\n"}]
    assert outcome.summary == "Said bye."
    changes = [
        (event.step, change.path, change.status.value)
        for event in journal.events(ToolFinished)
        for change in event.changes
    ]
    assert changes == [("tool:0:0", "a.ts", "A"), ("tool:0:1", "app/page.tsx", "M")]
    first = next(i for i, e in enumerate(journal.entries) if isinstance(e.event, ToolFinished))
    assert any(isinstance(e.event, ModelFinished) for e in journal.entries[:first]), (
        "the answer is journaled before its deeds"
    )


async def test_deeds_keep_the_order_of_the_answer():
    workspace = MemoryWorkspace(START)

    async def stream(messages, _):
        if len(messages) > 2:
            yield "Done."
            return
        yield call(0, "read_file", path="app/page.tsx")
        yield call(1, "write_file", path="app/page.tsx", content="Bye\n")
        yield call(2, "finish", summary=".")

    journal = MemoryJournal(a_run())
    await run_agent(journal, workspace, RuleGate(), models_of(streaming(stream)), PLENTY)
    assert journal.events(ToolFinished)[0].result == "Hello\n"


async def test_what_a_broken_answer_wrote_is_taken_back():
    workspace, journal = MemoryWorkspace(START), MemoryJournal(a_run())
    attempts, found = [], []

    async def stream(messages, _):
        attempts.append(1)
        found.append(dict(workspace.files))
        if len(attempts) == 1:
            yield call(0, "write_file", path="a.ts", content="half an idea\n")
            yield call(1, "write_file", path="app/page.tsx", content="Broken\n")
            yield call(2, "write_file", path="b.ts", content="never whole\n")
            found.append(dict(workspace.files))
            raise ModelHTTPError.for_category(ModelRateLimitError, status_code=429, model_name="m")
        yield "Let me not."

    outcome = await run_agent(journal, workspace, RuleGate(), models_of(streaming(stream)), PLENTY)
    assert found == [START, {"a.ts": b"half an idea\n", "app/page.tsx": b"Broken\n"}, START]
    assert workspace.files == START
    assert not outcome.changed


async def test_stop_in_the_middle_of_an_answer_leaves_the_files_the_journal_knows():
    workspace, journal = MemoryWorkspace(START), MemoryJournal(a_run())
    written = asyncio.Event()

    async def stream(messages, _):
        yield call(0, "write_file", path="a.ts", content="1\n")
        yield call(1, "write_file", path="b.ts", content="2\n")
        written.set()
        await asyncio.sleep(3600)

    work = asyncio.create_task(run_agent(journal, workspace, RuleGate(), models_of(streaming(stream)), PLENTY))
    await asyncio.wait_for(written.wait(), 5)
    assert "a.ts" in workspace.files
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(work, 2)
    assert workspace.files == journal.tree(START) == START
