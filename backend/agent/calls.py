"""A tool call, checked, described, carried out."""

import json
from typing import Any

from pydantic import ValidationError
from pydantic_ai.messages import ToolCallPart
from pydantic_core import ErrorDetails

from backend.agent.arguments import Unreadable, arguments, meant_tool
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
    kind = CATALOGUE.get(meant_tool(call.tool_name))
    if kind is None:
        raise Refused(f"There is no tool `{call.tool_name}`. The tools are: {', '.join(CATALOGUE)}.")
    try:
        given = arguments(call)
    except Unreadable as error:
        raise Refused(str(error)) from None
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        return _mended(kind, given, error.errors())


def _mended(kind: type[Tool], given: dict[str, Any], errors: list[ErrorDetails]) -> Tool:
    """With what has only one meaning put right: null for what may be missing, JSON in a string for what it says, one
    thing for a list of it. Raises `Refused`.
    """
    mended = dict(given)
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        field = kind.model_fields.get(name)
        if given.get(name, ...) is None and field and not field.is_required():
            del mended[name]
        elif error["type"] == "list_type" and isinstance(given.get(name), str) and len(error["loc"]) == 1:
            mended[name] = _as_list(given[name])
    try:
        return kind.model_validate(mended)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
        names = [name if field.is_required() else f"{name} (optional)" for name, field in kind.model_fields.items()]
        takes = f"It takes {', '.join(names)}." if names else "It takes no arguments."
        raise Refused(
            f"The arguments of {kind.name} do not fit, so nothing was done: {wrong}. {takes} Call it again with all of them."
        ) from None


def _as_list(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return [text]
    return found if isinstance(found, list) else [text]
