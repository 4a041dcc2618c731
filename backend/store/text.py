"""What every store takes: text that is Unicode without NUL, ids and paths that mean one thing everywhere."""

import re
from collections.abc import Iterable

from backend.domain import InvalidInput

MAX_TITLE_CHARS = 1000
MAX_PATH_CHARS = 500
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


def require_paths(paths: Iterable[str]) -> None:
    """Raise `InvalidInput` unless all are files' below a project's root."""
    for path in paths:
        require_text(path, "path")
        if not path or len(path) > MAX_PATH_CHARS or _STRAY.search(path):
            raise InvalidInput(
                f"The path {path} is not one of a project's files. "
                "Use a path below the project's root, with forward slashes."
            )
