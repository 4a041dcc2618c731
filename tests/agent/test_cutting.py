"""Answers cut at their length: never written to a file as they are, kept as far as they are whole, and gone on with."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic_ai.messages import ModelResponsePart, TextPart, ThinkingPart, ToolCallPart

from backend.agent.budget import Budget
from backend.agent.cutting import GO_ON, MAX_IN_A_ROW, kept
from backend.agent.loop import run_agent
from backend.domain import FailureCode
from backend.events import ModelFinished, ModelRestarted, ToolFinished
from tests.agent.doubles import Killed, MemoryJournal, MemoryWorkspace, RuleGate, a_run
from tests.agent.scripts import models_of
from tests.agent.speech import SPEECHES, Station, stations
from tests.agent.wire import Reply, chat, chunk

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = {"app/page.tsx": b"Hello\n"}
PLENTY = Budget(1_000_000, 20)
WHOLE = ("write_file", {"path": "a.ts", "content": "export const a = 1;\n"})
LONG = {"path": "app/page.tsx", "content": "export default function Page() {\n  return <p>Bye</p>;\n}\n"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at() -> AsyncIterator[dict[str, Station]]:
    async with stations() as found:
        yield found


def cut(speech: str, text: str = "Writing.") -> Reply:
    """One whole file, and the next one in the middle."""
    told = SPEECHES[speech]
    if speech == "gemini":  # sends whole calls, or none
        return told.say(text, [WHOLE], finish=told.length)
    half = json.dumps(LONG)[:60]
    say = told._say
    return say(text, [(WHOLE[0], json.dumps(WHOLE[1])), ("write_file", half)], finish=told.length)


@pytest.mark.parametrize("speech", SPEECHES)
async def test_half_a_file_is_never_written_and_the_model_goes_on_with_the_rest(speech, at):
    station, told = at[speech], SPEECHES[speech]
    station.will(cut(speech), told.say("", [("write_file", LONG)]), told.say("", [("finish", {"summary": "Bye."})]))
    workspace, journal = MemoryWorkspace(START), MemoryJournal(a_run())
    outcome = await run_agent(journal, workspace, RuleGate(), models_of(station.candidate), PLENTY)
    assert outcome.verified
    assert workspace.files["app/page.tsx"].decode() == LONG["content"]
    written = [(event.step, event.target) for event in journal.events(ToolFinished) if event.tool == "write_file"]
    whole = [] if speech == "gemini" else [("tool:0:0", "a.ts")]
    assert written == [*whole, ("tool:1:0", "app/page.tsx")]
    assert not journal.events(ModelRestarted), "what was whole is not paid for twice"
    second = json.dumps(station.server.asked[1][2][told.history])
    assert json.dumps(GO_ON)[1:-1] in second
    assert json.dumps(LONG)[1:40] not in second, "no half call is sent back"


async def test_call_a_server_closed_where_it_was_cut_is_taken_back(at):
    closed = json.dumps({"path": "app/page.tsx", "content": "export default fun"})
    at["compatible"].will(
        chat("", [("write_file", json.dumps(WHOLE[1])), ("write_file", closed)], finish="length"), chat("I stop here.")
    )
    workspace, journal = MemoryWorkspace(START), MemoryJournal(a_run())
    await run_agent(journal, workspace, RuleGate(), models_of(at["compatible"].candidate), PLENTY)
    assert workspace.files == {**START, "a.ts": b"export const a = 1;\n"}


async def test_cut_arguments_under_a_finish_reason_that_says_nothing_of_it_are_not_written(at):
    at["compatible"].will(chat("", [("write_file", json.dumps(LONG)[:60])]), chat("I see."))
    workspace, journal = MemoryWorkspace(START), MemoryJournal(a_run())
    await run_agent(journal, workspace, RuleGate(), models_of(at["compatible"].candidate), PLENTY)
    assert workspace.files == START
    assert "not whole JSON" in journal.events(ToolFinished)[0].result


@pytest.mark.parametrize("speech", SPEECHES)
async def test_cut_words_are_no_answer_and_three_in_a_row_end_the_run_with_what_to_do(speech, at):
    told = SPEECHES[speech]
    at[speech].will(
        told.say("It says", finish=told.length), told.say("It says", finish=told.length), told.say("It says hello.")
    )
    journal = MemoryJournal(a_run())
    outcome = await run_agent(journal, MemoryWorkspace(START), RuleGate(), models_of(at[speech].candidate), PLENTY)
    assert outcome.summary == "It says hello."
    at[speech].will(told.say("It says", finish=told.length))
    journal = MemoryJournal(a_run())
    outcome = await run_agent(journal, MemoryWorkspace(START), RuleGate(), models_of(at[speech].candidate), PLENTY)
    assert at[speech].asked == MAX_IN_A_ROW
    assert outcome.failure
    assert outcome.failure.code is FailureCode.MODEL
    assert f"cut off {MAX_IN_A_ROW} times" in outcome.failure.message


async def test_cut_while_it_still_thought_a_model_is_asked_to_go_on(at):
    thought = chunk({"reasoning_content": "Let me think about that at length"})
    at["compatible"].will(Reply(events=[thought, chunk({}, "length"), "[DONE]"]), chat("Hi."))
    journal = MemoryJournal(a_run())
    outcome = await run_agent(
        journal, MemoryWorkspace(START), RuleGate(), models_of(at["compatible"].candidate), PLENTY
    )
    assert outcome.summary == "Hi."


async def test_killed_after_a_cut_answer_the_next_worker_sends_the_same(at):
    told = SPEECHES["openai"]
    replies = (cut("openai"), told.say("", [("write_file", LONG)]), told.say("Done."))
    at["openai"].will(*replies)
    journal = MemoryJournal(a_run())
    await run_agent(journal, MemoryWorkspace(START), RuleGate(), models_of(at["openai"].candidate), PLENTY)
    sent = [body for _, _, body in at["openai"].server.asked]
    for lived in range(2, 6):
        at["openai"].will(*replies)
        first = MemoryJournal(a_run())
        first.kill_after = lived
        with pytest.raises(Killed):
            await run_agent(first, MemoryWorkspace(START), RuleGate(), models_of(at["openai"].candidate), PLENTY)
        second = first.reopened()
        if second.events(ModelFinished):
            at["openai"].will(*replies[1:])
        workspace = MemoryWorkspace(second.tree(START))
        await run_agent(second, workspace, RuleGate(), models_of(at["openai"].candidate), PLENTY)
        assert [body["input"] for _, _, body in at["openai"].server.asked][-2:] == [body["input"] for body in sent][-2:]


def call(args: str = "{}") -> ToolCallPart:
    return ToolCallPart("write_file", args)


THOUGHT, WORD = ThinkingPart("hm"), TextPart("So.")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ([WORD], [WORD]),
        ([THOUGHT, WORD, call()], [THOUGHT, WORD]),
        ([THOUGHT, call("1"), call("2")], [THOUGHT, call("1")]),
        ([THOUGHT, call()], [TextPart("…")]),
        ([THOUGHT], [TextPart("…")]),
        ([call("1"), THOUGHT], [call("1")]),
        ([call("1"), WORD], [call("1"), WORD]),
        ([call("1"), THOUGHT, call("2")], [call("1")]),
        ([], [TextPart("…")]),
    ],
)
async def test_kept_is_what_came_whole(said: list[ModelResponsePart], left: list[ModelResponsePart]):
    def told(parts: list[ModelResponsePart]) -> list[tuple[str, object]]:
        return [(part.part_kind, part.args if isinstance(part, ToolCallPart) else None) for part in parts]

    assert told(kept(said)) == told(left)
