"""A `multipart/form-data` body as it comes: nothing of it is kept."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MAX_HEADER = 64 * 1024


class BadForm(Exception):
    """The body is no form, or ends too early."""


@dataclass(frozen=True)
class PartBegin:
    name: str | None
    filename: str | None


@dataclass(frozen=True)
class PartEnd:
    pass


Event = PartBegin | PartEnd | bytes


class _Parts:
    """Gathers what the parser finds in one piece of the body."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.complete = False
        self._field = b""
        self._value = b""
        self._disposition = b""

    def on_part_begin(self) -> None:
        self._disposition = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._check(self._field)

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check(self._value)

    def on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self.events.append(PartBegin(_text(options.get(b"name")), _text(options.get(b"filename"))))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.events.append(data[start:end])

    def on_part_end(self) -> None:
        self.events.append(PartEnd())

    def on_end(self) -> None:
        self.complete = True

    def _check(self, header: bytes) -> None:
        if len(header) > MAX_HEADER:
            raise BadForm("a part's header is too long")


async def form_parts(content_type: str, chunks: AsyncIterator[bytes]) -> AsyncGenerator[Event, None]:
    """What begins, its bytes, what ends. Raises `BadForm`."""
    _, options = parse_options_header(content_type)
    if not (boundary := options.get(b"boundary")):
        raise BadForm("the Content-Type names no boundary")
    parts = _Parts()
    names = [name for name in dir(parts) if name.startswith("on_")]
    parser = MultipartParser(boundary, {name: getattr(parts, name) for name in names})  # pyright: ignore[reportArgumentType]
    try:
        async for chunk in chunks:
            parser.write(chunk)
            for event in parts.events:
                yield event
            parts.events.clear()
        parser.finalize()
    except FormParserError as error:
        raise BadForm(str(error)) from error
    if not parts.complete:
        raise BadForm("the form ends too early")


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="surrogateescape")
