"""Servers that speak OpenAI's chat protocol in their own way: llama.cpp, Ollama, vLLM, LM Studio, Gemini's own endpoint."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from backend.agent.asking import ask
from backend.agent.budget import Budget
from backend.agent.history import opening
from backend.agent.loop import run_agent
from backend.agent.roles import CODER
from backend.agent.stops import ModelFailed
from backend.events import ModelFinished, ModelRestarted, ToolFinished
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, RuleGate, a_run, ahead_of
from tests.agent.scripts import models_of
from tests.agent.speech import SPEECHES, Station, stations
from tests.agent.wire import Reply, chat, chunk, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE, TWO = {"path": "a.ts", "content": "export const a = 1;\n"}, {"path": "b.ts", "content": "export const b = 2;\n"}
DONE = "[DONE]"
STOP = chunk({}, "stop")
Call = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at() -> AsyncIterator[dict[str, Station]]:
    async with stations() as found:
        yield found


async def asked(station: Station, *replies: Reply) -> tuple[ModelFinished, MemoryJournal]:
    station.will(*replies)
    journal = MemoryJournal(a_run())
    ahead = ahead_of(MemoryWorkspace({}), "a counter")
    return await ask(
        journal, "model:0", CODER, models_of(station.candidate), await opening(journal, CODER, ""), ahead
    ), journal


def call(args: dict | str, **more: Any) -> Call:
    text = args if isinstance(args, str) else json.dumps(args)
    return {"type": "function", "function": {"name": "write_file", "arguments": text}, **more}


def piece(text: str, **more: Any) -> Call:
    return {"function": {"arguments": text}, **more}


WHOLE = json.dumps(ONE)
PIECES = [WHOLE[:20], WHOLE[20:]]
CALLS: dict[str, list[list[Call]]] = {
    "whole calls in one chunk each": [[call(ONE, index=0, id="x")], [call(TWO, index=1, id="y")]],
    "both in one chunk": [[call(ONE, index=0, id="x"), call(TWO, index=1, id="y")]],
    "both with number 0": [[call(ONE, index=0, id="x")], [call(TWO, index=0, id="y")]],
    "both with number 0 and no id": [[call(ONE, index=0)], [call(TWO, index=0)]],
    "no number": [[call(ONE, id="x")], [call(TWO, id="y")]],
    "neither number nor id": [[call(ONE)], [call(TWO)]],
    "no number, in pieces": [
        [call("", id="x")], [piece(PIECES[0])], [piece(PIECES[1])], [call("", id="y")], [piece(json.dumps(TWO))]
    ],
    "the same id for all": [[call(ONE, index=0, id="call")], [call(TWO, index=1, id="call")]],
    "empty ids": [[call(ONE, index=0, id="")], [call(TWO, index=1, id="")]],
    "name and id with each piece": [
        [call(PIECES[0], index=0, id="x")], [call(PIECES[1], index=0, id="x")], [call("", index=0, id="x")], [call(TWO, index=1, id="y")]
    ],
    "in turns": [
        [call("", index=0, id="x"), call("", index=1, id="y")],
        [piece(PIECES[0], index=0), piece(json.dumps(TWO)[:9], index=1)],
        [piece(PIECES[1], index=0), piece(json.dumps(TWO)[9:], index=1)],
    ],
}  # fmt: skip


@pytest.mark.parametrize("way", CALLS)
async def test_calls_are_told_apart_and_carried_out_however_they_are_numbered(way, at):
    events = [chunk({"tool_calls": calls}) for calls in CALLS[way]]
    at["compatible"].will(Reply(events=[*events, chunk({}, "tool_calls"), DONE]), chat("Done."))
    workspace, journal = MemoryWorkspace({}), MemoryJournal(a_run())
    await run_agent(journal, workspace, RuleGate(), models_of(at["compatible"].candidate), Budget(1_000_000, 9))
    assert workspace.files == {"a.ts": ONE["content"].encode(), "b.ts": TWO["content"].encode()}
    results = journal.events(ToolFinished)
    assert [(result.tool, result.ok) for result in results] == [("write_file", True)] * 2
    assert len({result.call_id for result in results}) == 2
    told = [m for m in at["compatible"].server.asked[1][2]["messages"] if m["role"] in ("assistant", "tool")]
    assert [c["id"] for c in told[0]["tool_calls"]] == [m["tool_call_id"] for m in told[1:]]


async def test_call_that_goes_on_after_it_seemed_whole_is_taken_back(at):
    turns = [[call(ONE, index=0, id="x")], [call(TWO, index=1, id="y")], [piece("}", index=0)]]
    events = [chunk({"tool_calls": calls}) for calls in turns]
    at["compatible"].will(Reply(events=[*events, chunk({}, "tool_calls"), DONE]), chat("I see."))
    workspace, journal = MemoryWorkspace({}), MemoryJournal(a_run())
    await run_agent(journal, workspace, RuleGate(), models_of(at["compatible"].candidate), Budget(1_000_000, 9))
    assert [result.ok for result in journal.events(ToolFinished)] == [False, True]
    assert list(workspace.files) == ["b.ts"]


HI = chunk({"content": "Hi."})
ANSWERS: dict[str, list[Any]] = {
    "no finish reason, but the end said": [HI, DONE],
    "an empty finish reason in every chunk": [
        chunk({"content": "Hi"}, ""),
        chunk({"content": "."}, ""),
        chunk({}, ""),
        DONE,
    ],
    "no usage": [HI, STOP, DONE],
    "no end said, but a finish reason": [HI, STOP],
    "comments that keep the line open": [": OPENROUTER PROCESSING", ": ping", HI, ": ping", STOP, DONE],
    "chunks without choices": [{**HI, "choices": []}, HI, {**HI, "choices": []}, STOP, DONE],
    "content that is null": [chunk({"role": "assistant", "content": None}), HI, chunk({"content": None}, "stop"), DONE],
    "a role with each chunk": [
        chunk({"role": "assistant", "content": "Hi"}),
        chunk({"role": "assistant", "content": "."}),
        STOP,
        DONE,
    ],
    "another word for the end": [HI, chunk({}, "eos_token"), DONE],
    "null for calls": [chunk({"content": "Hi.", "tool_calls": None}), STOP, DONE],
    "an empty list of calls": [chunk({"content": "Hi.", "tool_calls": []}), STOP, DONE],
}


@pytest.mark.parametrize("way", ANSWERS)
async def test_answer_is_whole_however_it_is_put(way, at):
    finished, journal = await asked(at["compatible"], Reply(events=ANSWERS[way]))
    assert finished.text == "Hi."
    assert not journal.events(ModelRestarted)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_thoughts_are_shown_apart_from_words(field, at):
    events = [chunk({field: "Let me "}), chunk({field: "think."}), HI, STOP, DONE]
    finished, journal = await asked(at["compatible"], Reply(events=events))
    assert (finished.thinking, finished.text) == ("Let me think.", "Hi.")
    assert {delta.kind for _, delta in journal.deltas} == {"thinking", "text"}


async def test_thoughts_among_the_words_are_told_apart_too(at):
    events = [*(chunk({"content": text}) for text in ("<think>", "\nHm.\n", "</think>", "\n\nHi.")), STOP, DONE]
    finished, _ = await asked(at["compatible"], Reply(events=events))
    assert finished.text.strip() == "Hi."
    assert finished.thinking.strip() == "Hm."


@pytest.mark.parametrize("ending", [[HI], [HI, chunk({}, "")]])
async def test_closed_connection_without_an_end_is_no_answer(ending, at):
    finished, journal = await asked(at["compatible"], Reply(events=ending), chat("Whole."))
    assert finished.text == "Whole."
    assert len(journal.events(ModelRestarted)) == 1


@pytest.mark.parametrize("reason", ["max_tokens", "model_length", "LENGTH"])
async def test_cut_answer_is_known_by_any_of_its_names(reason, at):
    half = {"index": 0, **call(WHOLE[:30])}
    events = [chunk({"content": "So."}), chunk({"tool_calls": [half]}), chunk({}, reason), DONE]
    finished, _ = await asked(at["compatible"], Reply(events=events))
    assert finished.message["finish_reason"] == "length"
    assert [part["part_kind"] for part in finished.message["parts"]] == ["text"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it",
                         "type": "exceed_context_size_error", "n_prompt_tokens": 9999, "n_ctx": 4096}}),
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 "
               "tokens. Please reduce the length of the messages.", "type": "BadRequestError", "code": 400}),
        (400, {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with "
               "context length of only 4096 tokens"}),
        (422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Prompt is too long"}),
        (400, {"message": "Prompt contains 65673 tokens, too large for model with 32768 maximum context length"}),
        (400, [{"error": {"code": 400, "message": "The input token count (99) exceeds the maximum number of tokens allowed (9)"}}]),
        (413, {"error": {"message": "Request too large: too many tokens", "code": "request_too_large"}}),
    ],
)  # fmt: skip
async def test_conversation_too_long_is_recognised_in_any_words_and_another_model_is_asked(status, body, at):
    station, another = at["compatible"], at["another"]
    station.will(Reply(status, body=body))
    another.will(chat("I read more."))
    journal = MemoryJournal(a_run())
    messages = await opening(journal, CODER, "")
    ahead = ahead_of(MemoryWorkspace({}), "")
    models = models_of(station.candidate, another.candidate)
    assert (await ask(journal, "model:0", CODER, models, messages, ahead)).text == "I read more."
    with pytest.raises(ModelFailed, match="longer than `local-coder` can read"):
        await ask(MemoryJournal(a_run()), "model:0", CODER, models_of(station.candidate), messages, ahead)
    assert station.asked == 2


async def test_other_rejections_are_the_persons_to_see_to(at):
    with pytest.raises(ModelFailed, match="does not support tools"):
        await asked(at["compatible"], refused(400, "registry.ollama.ai/library/llama2 does not support tools"))


async def test_signatures_that_geminis_endpoint_hands_out_are_handed_back(at):
    signature = {"google": {"thought_signature": "c2lnbmVk"}}
    signed = {**call(ONE, index=0, id="x"), "extra_content": signature}
    at["compatible"].will(Reply(events=[chunk({"tool_calls": [signed]}), chunk({}, "tool_calls"), DONE]), chat("Done."))
    journal = MemoryJournal(a_run())
    await run_agent(
        journal, MemoryWorkspace({}), RuleGate(), models_of(at["compatible"].candidate), Budget(1_000_000, 9)
    )
    (told,) = [m for m in at["compatible"].server.asked[1][2]["messages"] if m.get("tool_calls")]
    assert told["tool_calls"][0]["extra_content"] == signature


async def test_what_only_openai_knows_is_sent_to_no_other_server(at):
    await asked(at["compatible"], chat("Hi."))
    await asked(at["openai"], SPEECHES["openai"].say("Hi."))
    assert "prompt_cache_key" not in at["compatible"].server.asked[0][2]
    assert at["openai"].server.asked[0][2]["prompt_cache_key"] == "p1"


async def test_ten_calls_at_once_over_one_connection_pool_stay_apart(at):
    at["compatible"].will(chat("Hi."))
    messages = await opening(MemoryJournal(a_run()), CODER, "")
    models = models_of(at["compatible"].candidate)
    answers = await asyncio.gather(
        *(
            ask(MemoryJournal(a_run()), "model:0", CODER, models, messages, ahead_of(MemoryWorkspace({}), ""))
            for _ in range(10)
        )
    )
    assert [answer.text for answer in answers] == ["Hi."] * 10
