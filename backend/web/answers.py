"""Answers that are not JSON, and how a route's description names them: `response_class=OwnType, responses=…`."""

from typing import Any

from starlette.responses import Response, StreamingResponse


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


class ZipDownload(StreamingResponse):
    media_type = "application/zip"


class OwnType(Response):
    """Of a type that `responses` names. The refusals of such a route are JSON all the same."""


Described = dict[int | str, dict[str, Any]]


def _of(*media_types: str) -> Described:
    return {200: {"content": {media_type: {} for media_type in media_types}}}


EVENTS = _of("text/event-stream")
ZIP = _of("application/zip")
TEXT = _of("text/plain")
JPEG = _of("image/jpeg")
PICTURES = _of("image/jpeg", "image/png", "image/gif", "image/webp")
