"""Several edits of one file: all of them, or none."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from backend.agent.edits.nearest import explain_miss
from backend.agent.edits.places import EditFailed, Place, find


@dataclass(frozen=True)
class Edit:
    old: str
    new: str


@dataclass(frozen=True)
class Applied:
    text: str
    regions: Sequence[tuple[int, int]]
    """First and last line of each piece put in, counted from 0, the last not included."""


def replace_once(text: str, old: str, new: str) -> str:
    """`text` with its one occurrence of `old` replaced by `new`. Raises `EditFailed`."""
    return apply_edits(text, [Edit(old, new)]).text


def apply_edits(text: str, edits: Sequence[Edit]) -> Applied:
    """`text` with every edit made. Raises `EditFailed` with what is wrong with each, when any cannot be made."""
    file = _File(text)
    places: list[Place] = []
    wrong: list[str] = []
    for number, edit in enumerate(edits, 1):
        try:
            places.append(_place(file.plain, edit, edits[: number - 1]))
        except EditFailed as failure:
            wrong.append(f"Edit {number} of {len(edits)}: {failure}" if len(edits) > 1 else str(failure))
    if wrong:
        raise EditFailed("\n".join(wrong))
    _require_apart(places)
    return file.with_all(sorted(places, key=lambda place: (place.start, place.end)))


def _place(plain: str, edit: Edit, earlier: Sequence[Edit]) -> Place:
    old, new = edit.old.replace("\r\n", "\n"), edit.new.replace("\r\n", "\n")
    if not old.strip():
        raise EditFailed("`old` is empty. Give the exact text to replace, or use write_file to write the whole file.")
    if old == new:
        raise EditFailed("`old` and `new` are the same, so nothing would change.")
    place = find(plain, old, new)
    if place is None:
        made = next((i for i, other in enumerate(earlier, 1) if old.strip() in other.new), None)
        hint = f" It is in what edit {made} puts there: make the two one edit." if made else ""
        raise EditFailed(explain_miss(plain, old, new) + hint)
    if place.put == plain[place.start : place.end]:
        raise EditFailed("The file already reads like `new`, so nothing would change.")
    return place


def _require_apart(places: Sequence[Place]) -> None:
    ordered = sorted(enumerate(places, 1), key=lambda numbered: (numbered[1].start, numbered[1].end))
    for (first, before), (second, after) in pairwise(ordered):
        if after.start < before.end:
            one, other = sorted((first, second))
            raise EditFailed(
                f"Edits {one} and {other} overlap: both replace some of the same text. Make them one edit."
            )


class _File:
    """A text with its line ends as they are, and without them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.plain = text.replace("\r\n", "\n")
        self._windows = _carriage_returns(text)
        """Where in `plain` each line ends that has a carriage return."""

    def with_all(self, places: Sequence[Place]) -> Applied:
        pieces: list[str] = []
        regions: list[tuple[int, int]] = []
        at = line = 0
        for place in places:
            kept, put = self._between(at, place.start), self._ended(place)
            line += kept.count("\n")
            regions.append((line, line + put.count("\n") + 1))
            line += put.count("\n")
            pieces += [kept, put]
            at = place.end
        return Applied("".join([*pieces, self._between(at, len(self.plain))]), regions)

    def _between(self, start: int, end: int) -> str:
        return self._text[self._real(start) : self._real(end)]

    def _real(self, at: int) -> int:
        return at + bisect_left(self._windows, at)

    def _ended(self, place: Place) -> str:
        lines, windows = self.plain.count("\n", place.start, place.end), self._windows
        ours = bisect_left(windows, place.end) - bisect_left(windows, place.start)
        if not lines:
            lines, ours = self.plain.count("\n"), len(windows)
        return place.put.replace("\n", "\r\n") if ours * 2 > lines else place.put


def _carriage_returns(text: str) -> list[int]:
    found: list[int] = []
    at = text.find("\r\n")
    while at >= 0:
        found.append(at - len(found))
        at = text.find("\r\n", at + 2)
    return found
