"""What the host must know of a sandbox after its own end: a file beside the sandbox's."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .request import Request

NAME = "record.json"


class BadRecord(Exception):
    """The sandbox cannot be known again; the message says why."""


@dataclass(frozen=True)
class Record:
    id: str
    token: str
    traffic_token: str | None
    template: str
    mounts: tuple[str, ...]
    """The template's, as `Template.mounted` names them; the disk fits no others."""
    request: Request
    started_at: float
    ends_at: float
    used_at: float
    paused: bool
    """False: it ran when this was written, and its time goes on while the host is away."""


_adapter = TypeAdapter(Record)


def write(folder: Path, record: Record) -> None:
    """Replace the folder's record at once; for its owner's eyes only."""
    write_privately(folder / NAME, _adapter.dump_json(record))


def read(folder: Path) -> Record | None:
    """None: the folder never belonged to a client. Raises `BadRecord`."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadRecord(f"its record cannot be read: {error.strerror}") from error
    try:
        record = _adapter.validate_json(data)
    except ValidationError as error:
        raise BadRecord(f"its record is damaged: {error.errors()[0]['msg']}") from error
    if record.id != folder.name:
        raise BadRecord("its record is another sandbox's")
    return record


def forget(folder: Path) -> None:
    (folder / NAME).unlink(missing_ok=True)


def write_privately(path: Path, data: bytes) -> None:
    """Readers see the old content or the new, and only this user sees any."""
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    draft.replace(path)
