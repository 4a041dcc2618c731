"""The script as a pydantic-ai `Model` that types at a chosen pace."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from backend.agent.demo.director import perform
from backend.agent.demo.history import Turn, turn_of
from backend.agent.demo.planning import plan
from backend.agent.demo.script import LostThread, Say, next_say
from backend.agent.demo.words import REAL_MODEL

TEXT_CHARS_PER_S = 700
CODE_CHARS_PER_S = 2200
"""About 550 tokens a second: a fast model."""
PIECE_CHARS = 48
FIRST_WORD_S = 0.15

Piece = str | DeltaToolCalls


def demo_model(pace: float) -> Model:
    """The demo model. `pace` stretches its typing: 1 is like a fast model, 0 as fast as possible."""

    def request(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        turn = turn_of(messages)
        say = _answer(turn, info)
        text = [TextPart(say.text)] if say.text else []
        calls = [
            ToolCallPart(call.tool, json.dumps(call.args), tool_call_id=_call_id(turn, i))
            for i, call in enumerate(say.calls)
        ]
        return ModelResponse(parts=[*text, *calls])

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Piece]:
        turn = turn_of(messages)
        due = time.monotonic() + FIRST_WORD_S * pace
        for seconds, piece in _pieces(turn, _answer(turn, info)):
            due += seconds * pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield piece

    return FunctionModel(request, stream_function=stream, model_name="demo")


def _answer(turn: Turn, info: AgentInfo) -> Say:
    tools = {tool.name for tool in info.function_tools}
    # Who is given tools, but none to write with, is asked for a plan.
    script = plan if tools and "write_file" not in tools else perform
    try:
        say = next_say(script(turn.prompt, turn.project), turn.answers)
    except LostThread:
        return Say("Another model began this piece of work, and the demo model cannot take it over. Please ask again.")
    return say or Say(f"That is all I can do about it. {REAL_MODEL}")


def _pieces(turn: Turn, say: Say) -> Iterator[tuple[float, Piece]]:
    """What to stream, each with the seconds it takes to type."""
    for at in range(0, len(say.text), PIECE_CHARS // 4):
        piece = say.text[at : at + PIECE_CHARS // 4]
        yield len(piece) / TEXT_CHARS_PER_S, piece
    for i, call in enumerate(say.calls):
        yield 0, {i: DeltaToolCall(name=call.tool, json_args="", tool_call_id=_call_id(turn, i))}
        args = json.dumps(call.args, ensure_ascii=False)
        for at in range(0, len(args), PIECE_CHARS):
            piece = args[at : at + PIECE_CHARS]
            yield len(piece) / CODE_CHARS_PER_S, {i: DeltaToolCall(json_args=piece)}


def _call_id(turn: Turn, index: int) -> str:
    return f"demo-{turn.calls + index}"
