"""Variables of the generated app, as the file in which Next.js finds them.

Next.js reads it by the rules of dotenv and dotenv-expand: a value may stand bare or in one of three quotes, without any
escape but `\\$`, and `$NAME` means another variable.
"""

import re
from collections.abc import Mapping

ENV_FILE = ".env.local"
ENV_MODE = 0o600
_BARE = re.compile(r"[^\s#'\"`](?:[^#\n]*[^\s#])?")


def env_file(values: Mapping[str, str]) -> bytes:
    """Empty without any. Values must be `writable`."""
    return "".join(f"{name}={_written(value)}\n" for name, value in sorted(values.items())).encode()


def writable(value: str) -> bool:
    """Whether there is a way to write it that is read as it is."""
    return _written(value) is not None


def _written(value: str) -> str | None:
    if "\r" in value or "\0" in value:
        return None
    escaped = value.replace("$", "\\$")
    if _BARE.fullmatch(value):
        return escaped
    if value.endswith("\\"):
        return None
    # In double quotes, \\n and \\r would be line ends.
    quotes = ["'", "`", *(['"'] if "\\" not in value else [])]
    quote = next((quote for quote in quotes if quote not in value), None)
    return quote and f"{quote}{escaped}{quote}"
