"""What the message history says about the turn under way."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from backend.agent.demo.repair import FAILED
from backend.agent.demo.script import Answer, Call


@dataclass(frozen=True)
class Turn:
    prompt: str
    """What the person asked last."""
    project: str | None
    """The paths of the project's files when it was asked, one a line, when the loop told them."""
    answers: tuple[Answer, ...]
    """What was answered to it so far."""
    calls: int
    """Tool calls in the whole history: numbers the next ones."""


def turn_of(messages: Sequence[ModelMessage]) -> Turn:
    start = max((i for i, message in enumerate(messages) if _asks(message)), default=-1)
    asked = _texts(messages[start]) if start >= 0 else []
    returns = _returns(messages[start + 1 :])
    answers: list[Answer] = []
    for message in messages[start + 1 :]:
        if isinstance(message, ModelResponse):
            parts = [part for part in message.parts if isinstance(part, ToolCallPart)]
            answers.append(
                Answer(
                    calls=tuple(Call(part.tool_name, part.args_as_dict()) for part in parts),
                    results=tuple(returns.get(part.tool_call_id, "") for part in parts),
                )
            )
    calls = sum(isinstance(part, ToolCallPart) for message in messages for part in message.parts)
    return Turn(prompt=asked[-1].strip() if asked else "", project=_project(asked), answers=tuple(answers), calls=calls)


def _asks(message: ModelMessage) -> bool:
    """Whether a turn begins here. The loop also sends a failed report this way, which goes on with the same turn."""
    texts = _texts(message) if isinstance(message, ModelRequest) else []
    return bool(texts) and not texts[-1].startswith(FAILED)


def _texts(message: ModelMessage) -> list[str]:
    """The text of each user part, in order: the loop's notes first, what the person asks last."""
    contents = [part.content for part in message.parts if isinstance(part, UserPromptPart)]
    return [
        content if isinstance(content, str) else "\n".join(piece for piece in content if isinstance(piece, str))
        for content in contents
    ]


def _project(texts: Sequence[str]) -> str | None:
    return next((text for text in texts[:-1] if text.startswith("<project>")), None)


def _returns(messages: Sequence[ModelMessage]) -> dict[str, str]:
    returns: dict[str, str] = {}
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolReturnPart):
                returns[part.tool_call_id] = part.model_response_str()
            elif isinstance(part, RetryPromptPart) and part.tool_call_id:
                returns[part.tool_call_id] = part.model_response()
    return returns
