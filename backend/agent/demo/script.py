"""A script is a generator of the model's answers: it yields what to say and is sent what the tools returned.

Nothing is kept between two calls of the model. The script is played again from its start against the answers the history holds, and
the first one that is not there yet is the next.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

Results = Sequence[str]
"""What the tools returned, in the order of the calls."""


@dataclass(frozen=True)
class Call:
    tool: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Say:
    """One answer. Without calls it is the last one of the turn."""

    text: str = ""
    calls: tuple[Call, ...] = ()


Script = Generator[Say, Results, None]


@dataclass(frozen=True)
class Answer:
    """An answer already given, with what its calls returned."""

    calls: tuple[Call, ...]
    results: tuple[str, ...]


class LostThread(Exception):
    """The history holds answers that this script would not have given."""


def next_say(script: Script, answers: Sequence[Answer]) -> Say | None:
    """The first answer not in `answers`, or None when the script is over. Raises `LostThread`."""
    try:
        say = next(script)
        for answer in answers:
            if [call.tool for call in answer.calls] != [call.tool for call in say.calls]:
                raise LostThread
            say = script.send(answer.results)
    except StopIteration:
        return None
    return say


def read(*paths: str) -> tuple[Call, ...]:
    return tuple(Call("read_file", {"path": path}) for path in paths)


def write(path: str, content: str) -> Call:
    return Call("write_file", {"path": path, "content": content})


def finish(summary: str) -> Call:
    return Call("finish", {"summary": summary})
