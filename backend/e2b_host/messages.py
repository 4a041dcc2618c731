"""HTTP/1.1 messages on their way through: heads are read strictly, bodies are only measured.

A proxy in front may send requests of many people for many sandboxes over one connection. Where a message ends must
therefore be beyond doubt: what could be read in two ways is refused.
"""

import re
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

HEAD_LIMIT = 65536
CHUNK = 65536

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ((?:/|\*)[\x21-\x7e\x80-\xff]*) HTTP/1\.([01])")
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: " + TEXT + rb")?")
FIELD = re.compile(rb"(" + TOKEN + rb"):(" + TEXT + rb")")
DIGITS = re.compile(rb"[0-9]{1,18}")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;" + TEXT + rb")?\r\n")

Length = int | Literal["chunked", "rest"]
"""Of a body: bytes, or it says so itself, or all until the connection ends."""


class BadMessage(Exception):
    """Bytes that are not HTTP/1.1, or can be read in two ways, or that end too early."""


class Field(NamedTuple):
    name: bytes
    value: bytes
    line: bytes


@dataclass(frozen=True)
class Head:
    """`fields`: their names in lower case; `line` is what was sent."""

    start: bytes
    fields: Sequence[Field]

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> Self:
        return cls(lines[0], [_field(line) for line in lines[1:]])

    def values(self, name: bytes) -> list[bytes]:
        return [field.value for field in self.fields if field.name == name]

    def first(self, name: bytes) -> bytes:
        return next(iter(self.values(name)), b"")

    def tokens(self, name: bytes) -> set[bytes]:
        """What a comma-separated field lists, in lower case."""
        return {token.strip().lower() for value in self.values(name) for token in value.split(b",")}

    def persistent(self, minor: bytes) -> bool:
        """Whether more may follow on the connection."""
        listed = self.tokens(b"connection")
        return b"close" not in listed and (minor == b"1" or b"keep-alive" in listed)

    def length(self) -> int | Literal["chunked"] | None:
        """What the fields say of the body; None: nothing. Raises `BadMessage`."""
        codings, lengths = self.values(b"transfer-encoding"), self.values(b"content-length")
        if codings:
            if lengths or [coding.lower() for coding in codings] != [b"chunked"]:
                raise BadMessage("the length of the body can be read in two ways")
            return "chunked"
        if not lengths:
            return None
        if len(lengths) > 1 or not DIGITS.fullmatch(lengths[0]):
            raise BadMessage("Content-Length is not one number")
        return int(lengths[0])

    def without(self, name: bytes) -> Self:
        return type(self)(self.start, [field for field in self.fields if field.name != name])

    def replacing(self, name: bytes, value: bytes) -> Self:
        new = Field(name.lower(), value, name + b": " + value)
        return type(self)(self.start, [new if field.name == new.name else field for field in self.fields])

    def __bytes__(self) -> bytes:
        return b"\r\n".join((self.start, *(field.line for field in self.fields), b"", b""))


class RequestHead(Head):
    @property
    def method(self) -> bytes:
        return self.start.split(b" ")[0]

    @property
    def path(self) -> bytes:
        return self.start.split(b" ")[1].partition(b"?")[0]

    @property
    def keeps_alive(self) -> bool:
        return self.persistent(self.start[-1:])

    @property
    def host(self) -> str:
        return self.first(b"host").decode("latin-1").lower()

    @property
    def upgrades(self) -> bool:
        return b"upgrade" in self.tokens(b"connection") and bool(self.values(b"upgrade"))

    def body(self) -> Length:
        return self.length() or 0


class ResponseHead(Head):
    @property
    def status(self) -> int:
        return int(self.start[9:12])

    @property
    def keeps_alive(self) -> bool:
        return self.persistent(self.start[7:8])

    def body(self, method: bytes) -> Length:
        """Of the answer to a request of this method."""
        if method == b"HEAD" or self.status < 200 or self.status in (204, 304):
            return 0
        length = self.length()
        return "rest" if length is None else length


async def read_request(reader: StreamReader) -> RequestHead | None:
    """The next request's head; None when the connection ended before it."""
    lines = await _lines(reader, strict=True)
    if lines is None:
        return None
    line = REQUEST_LINE.fullmatch(lines[0])
    if not line:
        raise BadMessage("the request line is not HTTP/1.1's")
    head = RequestHead.of(lines)
    if len(head.values(b"host")) != 1:
        raise BadMessage("a request names one host")
    if head.length() == "chunked" and line[3] == b"0":
        raise BadMessage("HTTP/1.0 knows no chunks")
    return head


async def read_response(reader: StreamReader) -> ResponseHead | None:
    """The next response's head; None when the connection ended before it."""
    lines = await _lines(reader, strict=False)
    if lines is None:
        return None
    if not STATUS_LINE.fullmatch(lines[0]):
        raise BadMessage("the status line is not HTTP/1.1's")
    return ResponseHead.of(lines)


async def read_body(reader: StreamReader, length: Length) -> AsyncIterator[bytes]:
    """The body's bytes as they come, with the marks between its chunks. Raises `BadMessage`."""
    if length == "rest":
        while piece := await reader.read(CHUNK):
            yield piece
    elif length == "chunked":
        async for piece in _chunks(reader):
            yield piece
    else:
        async for piece in _exactly(reader, length):
            yield piece


async def _chunks(reader: StreamReader) -> AsyncIterator[bytes]:
    while True:
        line = await _line(reader)
        if not (size := CHUNK_SIZE.fullmatch(line)):
            raise BadMessage("a chunk does not say its size")
        yield line
        if not (left := int(size[1], 16)):
            break
        async for piece in _exactly(reader, left):
            yield piece
        if (end := await _line(reader)) != b"\r\n":
            raise BadMessage("a chunk is longer than it says")
        yield end
    trailers = 0
    while (line := await _line(reader)) != b"\r\n":
        trailers += len(line)
        if trailers > HEAD_LIMIT or not line.endswith(b"\r\n"):
            raise BadMessage("the trailers are too long")
        _field(line[:-2])
        yield line
    yield line


async def _exactly(reader: StreamReader, count: int) -> AsyncIterator[bytes]:
    while count:
        if not (piece := await reader.read(min(count, CHUNK))):
            raise BadMessage("the body ends too early")
        count -= len(piece)
        yield piece


async def _lines(reader: StreamReader, *, strict: bool) -> list[bytes] | None:
    """A head's lines without their ends; `strict`: each must end as HTTP says."""
    lines: list[bytes] = []
    size = 0
    while True:
        line = await _line(reader, may_end=not lines)
        if not line and not lines:
            return None
        size += len(line)
        if size > HEAD_LIMIT:
            raise BadMessage("the head is too long")
        ending = b"\r\n" if strict or line.endswith(b"\r\n") else b"\n"
        if not line.endswith(ending):
            raise BadMessage("a line of the head has no proper end")
        if bare := line[: -len(ending)]:
            lines.append(bare)
        elif lines:
            return lines


async def _line(reader: StreamReader, *, may_end: bool = False) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except IncompleteReadError as error:
        if may_end and not error.partial:
            return b""
        raise BadMessage("the message ends too early") from error
    except LimitOverrunError as error:
        raise BadMessage("a line of the message is too long") from error


def _field(line: bytes) -> Field:
    if not (parts := FIELD.fullmatch(line)):
        raise BadMessage("a line of the head is no header field")
    return Field(parts[1].lower(), parts[2].strip(b" \t"), line)
