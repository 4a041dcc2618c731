"""A tool call as a model wrote it: read, described, carried out."""

import json
from typing import Any

from pydantic import ValidationError
from pydantic_ai.messages import ToolCallPart

from backend.agent.tools import CATALOGUE, Done, Hands, Refused, Tool
from backend.workspace import FileMissing, PathRefused

_MAX_ABOUT_CHARS = 2_000


async def carry_out(call: ToolCallPart, hands: Hands) -> Done:
    """What came of the call. What the model can repair is a result too; what it cannot is raised."""
    try:
        return await _parsed(call).run(hands)
    except (Refused, PathRefused, FileMissing) as refusal:
        return Done(str(refusal), ok=False)


def about(call: ToolCallPart) -> str:
    """What the call acts on, for a person; empty when it cannot be read."""
    try:
        return _parsed(call).about[:_MAX_ABOUT_CHARS]
    except Refused:
        return ""


def _parsed(call: ToolCallPart) -> Tool:
    kind = CATALOGUE.get(call.tool_name)
    if kind is None:
        raise Refused(f"There is no tool `{call.tool_name}`. The tools are: {', '.join(CATALOGUE)}.")
    try:
        return kind.model_validate(_arguments(call))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
        raise Refused(
            f"The arguments of {call.tool_name} do not fit: {wrong}. Call it again with all of them."
        ) from None


def _arguments(call: ToolCallPart) -> dict[str, Any]:
    if not isinstance(call.args, str):
        return dict(call.args or {})
    try:
        arguments = json.loads(call.args or "{}", strict=False)
    except ValueError:
        raise Refused(
            f"The arguments of {call.tool_name} are not whole JSON; they may have been cut at your output limit. "
            "Call it again, with a smaller file if it was long."
        ) from None
    if not isinstance(arguments, dict):
        raise Refused(f"The arguments of {call.tool_name} must be a JSON object.")
    return arguments
