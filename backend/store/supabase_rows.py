"""JSON of the database to nouns, and contents to JSON and back."""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from backend.domain import (
    FollowUp,
    InvalidInput,
    LimitKind,
    LimitReached,
    OpenRun,
    Preview,
    Project,
    ProjectCard,
    Run,
    Share,
    SharedVersion,
    Unavailable,
    Usage,
    Version,
)
from backend.events import Entry, Frame
from backend.store.limits import limit_reached
from backend.store.text import require_json, require_text

M = TypeVar("M", bound=BaseModel)

PROJECT_COLUMNS = ",".join(Project.model_fields)
RUN_COLUMNS = ",".join(Run.model_fields)
VERSION_COLUMNS = ",".join(Version.model_fields)
FOLLOWUP_COLUMNS = ",".join(FollowUp.model_fields)

_entries: TypeAdapter[list[Entry]] = TypeAdapter(list[Entry])


def new_id() -> str:
    return uuid.uuid4().hex


def to_project(row: Any) -> Project:
    return _picked(Project, row)


def to_card(row: Any) -> ProjectCard:
    return _picked(ProjectCard, row)


def to_run(row: Any) -> Run:
    return _picked(Run, row)


def to_followup(row: Any) -> FollowUp:
    return _picked(FollowUp, row)


def to_open_run(row: Any) -> OpenRun:
    return _picked(OpenRun, row)


def to_preview(row: Any) -> Preview:
    return _picked(Preview, row)


def to_version(row: Any) -> Version:
    return _picked(Version, row)


def to_share(row: Any) -> Share:
    return _picked(Share, row)


def to_shared_version(row: Any) -> SharedVersion:
    return _picked(SharedVersion, row)


def to_usage(row: Any) -> Usage:
    return _picked(Usage, row)


def to_limit(answer: Any, *, anonymous: bool = False) -> LimitReached:
    """A function's answer instead of doing what it was asked: `{"ok": false, "kind", "limit", "resets_at"}`."""
    resets_at = datetime.fromisoformat(answer["resets_at"]) if answer["resets_at"] else None
    kind, limit = LimitKind(answer["kind"]), answer["limit"] or 0
    return limit_reached(kind, limit, resets_at, datetime.now(UTC), anonymous=anonymous)


def to_entries(rows: Any) -> list[Entry]:
    try:
        return _entries.validate_python(rows)
    except ValidationError:
        raise _unreadable("journal") from None


def to_frames(rows: Iterable[Mapping[str, Any]]) -> list[tuple[int, Frame]]:
    try:
        return [(row["position"], Frame.model_validate(row["frame"])) for row in rows]
    except (ValidationError, LookupError, TypeError):
        raise _unreadable("stream") from None


def to_json(fact: BaseModel, what: str) -> Any:
    """What goes into a `jsonb` argument. Raises `InvalidInput` for text that no store can hold."""
    try:
        text = fact.model_dump_json()
    except PydanticSerializationError:
        raise InvalidInput(
            f"The {what} contains half a character (a lone surrogate), which cannot be stored. Remove it and try again."
        ) from None
    require_json(text, what)
    return json.loads(text)


def to_images(attachments: Sequence[tuple[str, str, bytes]]) -> list[dict[str, str]]:
    """What goes with a prompt, given as (name, media type, bytes)."""
    for name, _, _ in attachments:
        require_text(name, "attachment's name")
    return [{"name": name, "media_type": media_type, "body": encoded(body)} for name, media_type, body in attachments]


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


def _picked(noun: type[M], row: Any) -> M:
    """Tables may have more columns than the noun has fields."""
    try:
        return noun.model_validate({name: row[name] for name in noun.model_fields})
    except (ValidationError, LookupError, TypeError):
        raise _unreadable(noun.__name__.lower()) from None


def _unreadable(what: str) -> Unavailable:
    return Unavailable(
        f"The database gave a {what} this CodeFlow cannot read: the two are of different ages. "
        "Update CodeFlow, or apply its migrations with `supabase db push`."
    )
