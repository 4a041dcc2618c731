"""Lines and errors of the private protocol between host and guest."""

import json
from asyncio import StreamWriter
from typing import Any

Message = dict[str, Any]


class CallError(Exception):
    """A call failed; `code` is a Connect error code such as `not_found`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def reply(writer: StreamWriter, message: Message) -> None:
    _write(writer, b"m", message)


def reply_last(writer: StreamWriter, message: Message) -> None:
    """The message after which a stream has ended as it should."""
    _write(writer, b"l", message)


def refuse(writer: StreamWriter, error: CallError) -> None:
    _write(writer, b"e", [error.code, error.message])


def _write(writer: StreamWriter, kind: bytes, content: object) -> None:
    writer.write(b"%b%b\n" % (kind, json.dumps(content, separators=(",", ":")).encode()))
