"""Secrets that nobody chose: made at random and kept in the data directory, for the owner's eyes alone."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from backend.domain import Unavailable


def kept_secret(file: Path, what: str, variable: str) -> str:
    """The file's secret; made when it is missing. Processes that start together agree on one.

    Raises `Unavailable` that says `what` it is for and which `variable` to set instead.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # A link appears whole or not at all, and only once; the temporary file is the owner's alone from the start.
            with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}-") as new:
                new.write(secrets.token_urlsafe(48))
                new.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(new.name, file)
        return file.read_text().strip()
    except OSError as error:
        raise Unavailable(
            f"The secret of {what} cannot be kept in {file} ({error.strerror}). "
            f"Set {variable}, or make that folder writable."
        ) from None
