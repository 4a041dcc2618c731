"""Long runs stay within what a model can read."""

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart

from backend.agent.forgetting import LEFT_OUT, STEP, within_reach
from tests.agent.scripts import results


def a_run_of(reads: int, size: int = 1000) -> list[ModelMessage]:
    messages: list[ModelMessage] = []
    for n in range(reads):
        messages.append(ModelResponse(parts=[ToolCallPart("read_file", {"path": "a"}, f"c{n}")]))
        content = f"{n}:" + "x" * size
        messages.append(
            ModelRequest(parts=[ToolReturnPart("read_file", content, f"c{n}"), ToolReturnPart("check", "ok", f"d{n}")])
        )
    return messages


def test_run_that_fits_is_sent_as_it_is():
    messages = a_run_of(20)
    assert within_reach(messages, 100_000) is messages


def test_oldest_long_results_give_way_and_the_newest_stay():
    told = results(within_reach(a_run_of(40), 30_000))
    reads, checks = told[::2], told[1::2]
    left_out = reads.count(LEFT_OUT)
    assert left_out == STEP
    assert reads[:left_out] == [LEFT_OUT] * left_out
    assert LEFT_OUT not in reads[left_out:]
    assert sum(len(text) for text in reads if text != LEFT_OUT) <= 30_000
    assert set(checks) == {"ok"}


def test_calls_keep_their_results_however_long_the_run():
    messages = within_reach(a_run_of(40), 1)
    calls = [p.tool_call_id for m in messages for p in m.parts if isinstance(p, ToolCallPart)]
    answered = [
        p.tool_call_id
        for m in messages
        for p in m.parts
        if isinstance(p, ToolReturnPart) and p.tool_name == "read_file"
    ]
    assert calls == answered
    assert LEFT_OUT not in results(messages[-STEP:])


def test_what_is_left_out_changes_seldom_as_the_run_grows():
    prefixes = {results(within_reach(a_run_of(n), 30_000)).count(LEFT_OUT) for n in range(31, 37)}
    assert len(prefixes) <= 2
