"""Keep a long run within what a model can read: the oldest long tool results give way to a line that says so.

What is left out follows from the messages alone, and grows in steps, so that a resumed run sends the same and a
provider's cache is lost seldom.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelRequestPart, ModelResponsePart, ToolReturnPart

MAX_CHARS = 500_000
"""About 140,000 tokens of tool results."""
LONG_CHARS = 600
STEP = 12
"""Messages whose results are forgotten together."""
LEFT_OUT = "(Left out here, as it is long ago. Call the tool again if you need it.)"


def within_reach(messages: Sequence[ModelMessage], max_chars: int = MAX_CHARS) -> Sequence[ModelMessage]:
    """`messages`, with the results in as few of the oldest as needed left out; the last `STEP` are always whole."""
    sizes = [_long_chars(message) for message in messages]
    total, forgotten = sum(sizes), 0
    while total > max_chars and forgotten + 2 * STEP <= len(messages):
        total -= sum(sizes[forgotten : forgotten + STEP])
        forgotten += STEP
    return [*map(_without_results, messages[:forgotten]), *messages[forgotten:]] if forgotten else messages


def _is_long(part: ModelRequestPart | ModelResponsePart) -> TypeGuard[ToolReturnPart]:
    return isinstance(part, ToolReturnPart) and len(str(part.content)) > LONG_CHARS


def _long_chars(message: ModelMessage) -> int:
    return sum(len(str(part.content)) for part in message.parts if _is_long(part))


def _without_results(message: ModelMessage) -> ModelMessage:
    if not isinstance(message, ModelRequest):
        return message
    return replace(message, parts=[replace(p, content=LEFT_OUT) if _is_long(p) else p for p in message.parts])
