"""Text every store can hold: Unicode without NUL."""

import re

from backend.domain import InvalidInput

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
