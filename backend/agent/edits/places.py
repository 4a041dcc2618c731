"""Find the one place in a file that a piece of text names."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from backend.agent.edits.indents import reindented
from backend.agent.edits.typography import carried_over, folded, folded_with_places

_GAP = r"[ \t]*\n[ \t]*"
_NUMBER = re.compile(r"^[ \t]*\d+\|(?: |$)", re.M)


class EditFailed(Exception):
    """The edit was not made; the message is for the model."""


@dataclass(frozen=True)
class Place:
    start: int
    end: int
    put: str
    """What stands between `start` and `end` afterwards."""


def find(text: str, old: str, new: str) -> Place | None:
    """Where `old` is, with what `new` becomes there; None when it is nowhere. `text` has no carriage returns at its line
    ends. Raises `EditFailed` when it is in several places.
    """
    for way in (_exactly, _by_lines, _by_characters):
        if place := way(text, old, new):
            return place
    if old.strip() and all(_NUMBER.match(line) for line in old.split("\n") if line.strip()):
        # Copied with the line numbers it was shown with.
        return find(text, _NUMBER.sub("", old), _NUMBER.sub("", new))
    return None


def _exactly(text: str, old: str, new: str) -> Place | None:
    at = text.find(old)
    if at < 0:
        return None
    _require_one(_line_of(text, start) for start in _starts(text, old))
    # A line break that only `old` has at its edge is a slip: nobody means to join the lines there.
    joins = bool(new.strip())
    start = at + (joins and old[0] == "\n" != new[0])
    end = at + len(old) - (joins and old[-1] == "\n" != new[-1])
    return Place(start, end, new)


def _starts(text: str, piece: str) -> Iterable[int]:
    at = text.find(piece)
    while at >= 0:
        yield at
        at = text.find(piece, at + 1)


_TOLERANCES: tuple[Callable[[str], str], ...] = (
    str.rstrip,
    lambda line: folded(line).rstrip(),
    str.strip,
    lambda line: folded(line).strip(),
    lambda line: " ".join(folded(line).split()),
)


def _by_lines(text: str, old: str, new: str) -> Place | None:
    """Whole lines, compared ever more loosely."""
    lines, wanted = text.split("\n"), old.split("\n")
    top, bottom = _blank_edges(wanted)
    wanted = wanted[top : len(wanted) - bottom]
    for tolerance in _TOLERANCES:
        loose = [tolerance(line) for line in lines]
        target = [tolerance(line) for line in wanted]
        places = [i for i in range(len(lines) - len(target) + 1) if loose[i : i + len(target)] == target]
        if places:
            _require_one(i + 1 for i in places)
            at, end = places[0], places[0] + len(wanted)
            put = _trimmed(new.split("\n"), top, bottom)
            put = carried_over(lines[at:end], wanted, put)
            return _lines_placed(lines, at, end, reindented(put, wanted, lines[at:end], lines))
    return None


def _lines_placed(lines: Sequence[str], at: int, end: int, put: Sequence[str]) -> Place:
    start = sum(len(line) + 1 for line in lines[:at])
    stop = start + sum(len(line) + 1 for line in lines[at:end]) - 1
    if not put and end < len(lines):
        stop += 1
    elif not put and at > 0:
        start -= 1
    return Place(start, stop, "\n".join(put))


def _by_characters(text: str, old: str, new: str) -> Place | None:
    """A piece of a line, or one across lines that starts or ends inside a line."""
    plain, places = folded_with_places(text)
    pieces = re.split(_GAP, folded(old).strip())
    if not any(pieces):
        return None
    matches = list(re.finditer(_GAP.join(re.escape(piece) for piece in pieces), plain))
    if not matches:
        return None
    _require_one(_line_of(plain, match.start()) for match in matches)
    start, end = places[matches[0].start()], places[matches[0].end()]
    put = new.lstrip() if old[0].isspace() else new
    put = put.rstrip() if old[-1].isspace() else put
    found = text[start:end].split("\n")
    return Place(start, end, "\n".join(carried_over(found, old.strip().split("\n"), put.split("\n"))))


def _blank_edges(lines: Sequence[str]) -> tuple[int, int]:
    top = sum(1 for _ in takewhile(lambda line: not line.strip(), lines))
    bottom = sum(1 for _ in takewhile(lambda line: not line.strip(), reversed(lines)))
    return top, bottom


def _trimmed(lines: list[str], top: int, bottom: int) -> list[str]:
    """`lines` without the blank edges that `old` had too: they frame the text, they are not part of it."""
    if not any(line.strip() for line in lines):
        return []
    own_top, own_bottom = _blank_edges(lines)
    return lines[min(top, own_top) : len(lines) - min(bottom, own_bottom)]


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _require_one(lines: Iterable[int]) -> None:
    found = list(lines)
    if len(found) > 1:
        at = ", ".join(str(n) for n in found[:8])
        raise EditFailed(
            f"`old` is in the file {len(found)} times (lines {at}). Include more of the lines around it, so that it names one place."
        )
