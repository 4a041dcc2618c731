"""What the control plane's clients send, read with care: what is malformed is refused with how."""

import json
from typing import Any

from starlette.requests import Request

MAX_TIMEOUT_S = 24 * 3600
MAX_BODY = 1024 * 1024


class BadRequest(Exception):
    """The client's request is malformed; the message says how."""


async def json_object(request: Request) -> dict[str, Any]:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise BadRequest(f"the body is longer than {MAX_BODY} bytes")
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def strings(body: dict[str, Any], key: str) -> dict[str, str]:
    """A mapping of strings, such as metadata; missing and null are empty."""
    value = {} if body.get(key) is None else body[key]
    if not isinstance(value, dict) or not all(is_text(item) for item in [*value, *value.values()]):
        raise BadRequest(f"{key} must map strings to strings")
    return value


def texts(body: dict[str, Any], key: str) -> tuple[str, ...]:
    value = [] if body.get(key) is None else body[key]
    if not isinstance(value, list) or not all(is_text(item) for item in value):
        raise BadRequest(f"{key} must be a list of strings")
    return tuple(value)


def text(body: dict[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not is_text(value):
        raise BadRequest(f"{key} must be a string")
    return value or None


def flag(body: dict[str, Any], key: str, default: bool) -> bool:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{key} must be true or false")
    return default if value is None else value


def inner(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object within the body; missing and null are empty."""
    value = body.get(key)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"{key} must be an object")
    return value or {}


def seconds(body: dict[str, Any], key: str, default: float) -> float:
    value = body.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TIMEOUT_S:
        raise BadRequest(f"{key} must be between 0 and {MAX_TIMEOUT_S} seconds")
    return float(value)


def count(body: dict[str, Any], key: str, most: int) -> int:
    value = body.get(key, 1)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadRequest(f"{key} must be a whole number between 1 and {most}")
    return value


def is_text(value: object) -> bool:
    """A string that can be an environment variable, a header or a file's name."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can spell half of a surrogate pair
        return False
    return True
