"""Read a tool call as a model wrote it, and mend what has only one meaning.

What was cut is never mended: the rest of a file that was not said must not be taken for its end.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from pydantic_ai.messages import ModelResponsePart, ToolCallPart

from backend.agent.tools import CATALOGUE

_FENCED = re.compile(r"^```\w*\s*\n(.*?)\n?\s*```$", re.S)
_EMPTY_FIRST = re.compile(r"^\{\s*\}\s*(?=\{)")
_STRING_OR_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.S)
_PLAIN_STRING = re.compile(r"""^(["'])(?:[^\\]|\\[\\'"nrtbf]|\\u[0-9a-fA-F]{4})*\1$""", re.S)
_NEAR_CHARS = 40


class Unreadable(Exception):
    """The arguments have no one meaning; the message tells the model what is wrong with them."""


def arguments(call: ToolCallPart) -> dict[str, Any]:
    """The call's arguments by name, none of them checked. Raises `Unreadable`."""
    if not isinstance(call.args, str):
        return dict(call.args or {})
    text = call.args.strip()
    if not text:
        return {}
    for reading in _READINGS:
        try:
            found = reading(text)
            if isinstance(found, str):
                found = _strict(found)
        except (ValueError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict):
            return {str(name): value for name, value in found.items()}
        raise Unreadable(f"The arguments of {call.tool_name} must be one JSON object.")
    raise Unreadable(f"The arguments of {call.tool_name} are not {_complaint(text)}")


def tidied(parts: Sequence[ModelResponsePart]) -> list[ModelResponsePart]:
    """An answer's parts, with each call under the name of the tool it means, and its arguments as JSON in the order they were said.

    As text, because databases keep no order of an object's keys, and a provider's cache keeps nothing else.
    """
    return [tidy(part) if isinstance(part, ToolCallPart) else part for part in parts]


def tidy(call: ToolCallPart) -> ToolCallPart:
    name = meant_tool(call.tool_name)
    try:
        text = json.dumps(arguments(call), ensure_ascii=False)
    except (Unreadable, ValueError, TypeError):
        return replace(call, tool_name=name)
    # Half a character, which no file can hold.
    return replace(call, tool_name=name, args=text.encode("utf-8", "replace").decode())


def meant_tool(name: str) -> str:
    """The tool a model means that calls it `functions.write_file`, `WriteFile` or `write_file<|channel|>json`; else `name`."""
    plain = _letters(re.split(r"[.:/]", name.split("<|")[0].strip())[-1])
    return next((tool for tool in CATALOGUE if _letters(tool) == plain), name)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _strict(text: str) -> Any:
    # Line breaks as they are, inside of strings, are common and have one meaning.
    return json.loads(text, strict=False)


def _in_a_fence(text: str) -> Any:
    fenced = _FENCED.match(text)
    return _strict(fenced[1] if fenced else text)


def _after_an_empty_object(text: str) -> Any:
    """Some servers begin every call's arguments with `{}`."""
    return _strict(_EMPTY_FIRST.sub("", text, count=1))


def _with_commas_too_many(text: str) -> Any:
    return _strict(_STRING_OR_LAST_COMMA.sub(lambda found: found[1] or "", text))


def _as_python(text: str) -> Any:
    """Raises `ValueError` where Python would read something else than was meant: `"a" "b"` as one string."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    for token, following in pairwise(tokens):
        if token.type == tokenize.STRING and (following.type == token.type or not _PLAIN_STRING.match(token.string)):
            raise ValueError(text)
    return ast.literal_eval(text)


_READINGS: tuple[Callable[[str], Any], ...] = (
    _strict,
    _in_a_fence,
    _after_an_empty_object,
    _with_commas_too_many,
    _as_python,
)


def _complaint(text: str) -> str:
    try:
        _strict(text)
    except ValueError as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else 0
        if at >= len(text) or getattr(error, "msg", "").startswith("Unterminated string"):
            return "whole JSON: they end in the middle, as if cut at your output limit. Call it again, with a smaller file if it was long."
        near = text[max(0, at - _NEAR_CHARS // 2) : at + _NEAR_CHARS // 2]
        return f"JSON: {error} near `{near}`. Escape quotes and backslashes inside of strings, and call it again."
    except RecursionError:
        return "JSON that can be read: they nest too deeply."
    raise AssertionError
