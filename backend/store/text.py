"""What every store takes: text that is Unicode without NUL, ids and paths that mean one thing everywhere."""

import re
from collections.abc import Iterable

from backend.domain import InvalidInput

MAX_TITLE_CHARS = 1000
MAX_PATH_CHARS = 500
MAX_MODEL_CHARS = 200
MAX_SEALED_CHARS = 16_384
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STRAY = re.compile(r"^/|\\|(^|/)\.{1,2}(/|$)")
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def require_text(value: str, what: str) -> None:
    """Raise `InvalidInput` for NUL characters and halves of surrogate pairs."""
    if "\0" in value:
        raise InvalidInput(f"The {what} contains a NUL character, which cannot be stored. Remove it and try again.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            f"The {what} contains half a character (a lone surrogate), which cannot be stored. Remove it and try again."
        ) from None


def require_json(json: str, what: str) -> None:
    """The same for text inside JSON."""
    if "\0" in json or _ESCAPED_NUL.search(json):
        raise InvalidInput(f"The {what} contains a NUL character, which cannot be stored. Remove it and try again.")


def require_title(title: str) -> None:
    require_text(title, "title")
    if len(title) > MAX_TITLE_CHARS:
        raise InvalidInput(f"The title is too long. Keep it below {MAX_TITLE_CHARS} characters.")


def require_id(value: str) -> None:
    """For ids that callers choose."""
    if not _ID.fullmatch(value):
        raise InvalidInput("The id is not usable. It has 1 to 64 letters, digits, hyphens and underscores.")


def require_variable(name: str, sealed: str | None) -> None:
    if not _VARIABLE.fullmatch(name):
        raise InvalidInput(
            "The variable's name is not usable. It has up to 64 capital letters, digits and underscores, and begins "
            "with no digit."
        )
    if sealed is not None:
        require_text(sealed, "value")
        if len(sealed) > MAX_SEALED_CHARS:
            raise InvalidInput("The value is too long.")


def require_model(model: str | None) -> None:
    require_text(model or "", "model's name")
    if len(model or "") > MAX_MODEL_CHARS:
        raise InvalidInput("The model's name is too long.")


def require_paths(paths: Iterable[str]) -> None:
    """Raise `InvalidInput` unless all are files' below a project's root."""
    for path in paths:
        require_text(path, "path")
        if not path or len(path) > MAX_PATH_CHARS or _STRAY.search(path):
            raise InvalidInput(
                f"The path {path} is not one of a project's files. "
                "Use a path below the project's root, with forward slashes."
            )
