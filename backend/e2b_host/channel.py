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
    try:
        line = await reader.readline()
    except (OSError, ValueError) as error:
        raise GuestError("unavailable", "the connection to the sandbox broke") from error
    if not line:
        raise GuestError("unavailable", "the connection to sandbox ended before the stream completed")
    return message_of(line)


def message_of(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
        if "e" in reply:
            code, message = reply["e"]
            raise GuestError(str(code), str(message))
        message = reply["m"]
    except (ValueError, KeyError, TypeError) as error:
        raise GuestError("internal", "the sandbox's agent answered nonsense") from error
    if not isinstance(message, dict):
        raise GuestError("internal", "the sandbox's agent answered nonsense")
    return message
