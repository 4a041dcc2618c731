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
    writer.write(json.dumps({"m": message}).encode() + b"\n")


def refuse(writer: StreamWriter, error: CallError) -> None:
    writer.write(json.dumps({"e": [error.code, error.message]}).encode() + b"\n")
