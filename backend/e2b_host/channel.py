"""Calls from the host to a sandbox's guest. What comes back is untrusted: the guest lives beside the code it runs."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from typing import Any

LINE_LIMIT = 64 * 1024 * 1024
"""Longest reply line, in bytes."""
STREAM_LIMIT = 1024 * 1024
"""How much of a stream waits for a slow client, about, in bytes; its lines are shorter."""

NOT_FOUND = "The sandbox was not found"
"""The SDK looks for "was not found" in a 502 to tell a dead sandbox from a broken network."""


class GuestError(Exception):
    """The guest refused a call, or cannot be reached (`unavailable`)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


NONSENSE = GuestError("internal", "the sandbox's agent answered nonsense")
MESSAGE, LAST = b"m", b"l"
"""What a reply begins with, unless it is a refusal."""


class Channel:
    """One unix connection a call."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path

    async def open(self, head: dict[str, Any], limit: int = LINE_LIMIT) -> tuple[StreamReader, StreamWriter]:
        """`limit`: how much may wait to be read, about, in bytes."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=limit)
        except OSError as error:
            raise GuestError("unavailable", NOT_FOUND) from error
        writer.write(line(head))
        return reader, writer

    async def call(self, head: dict[str, Any]) -> dict[str, Any]:
        reader, writer = await self.open(head)
        try:
            return await answer(reader)
        finally:
            writer.close()


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


async def answer(reader: StreamReader) -> dict[str, Any]:
    """The guest's next reply; raises what it refused with."""
    if not (reply := await next_line(reader)):
        raise GuestError("unavailable", "the connection to sandbox ended before the stream completed")
    try:
        message = json.loads(content(reply))
    except (ValueError, RecursionError) as error:
        raise NONSENSE from error
    if not isinstance(message, dict):
        raise NONSENSE
    return message


async def next_line(reader: StreamReader) -> bytes:
    """Empty when the guest has closed the connection."""
    try:
        return await reader.readline()
    except (OSError, ValueError) as error:
        raise GuestError("unavailable", "the connection to the sandbox broke") from error


def content(reply: bytes) -> bytes:
    """The JSON of a reply; raises what it refused with."""
    if reply[:1] in (MESSAGE, LAST):
        return reply[1:-1]
    try:
        code, message = json.loads(reply[1:])
    except (ValueError, TypeError, RecursionError) as error:
        raise NONSENSE from error
    raise GuestError(str(code), str(message))
