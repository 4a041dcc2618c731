"""Why a piece is not in a file, with what the file has nearest to it."""

import difflib
from collections.abc import Sequence

from backend.agent.edits.typography import folded

_AROUND = 3
_MOST_LINES = 30
_SEARCHED_LINES = 20_000
_COMPARED_LINES = 4_000
_TELLING_CHARS = 5
"""A text at least so long is not in a file by chance."""
_SHOWN_CHARS = 160


def explain_miss(text: str, old: str, new: str) -> str:
    """For the model: `old` is not in `text`; what to do about it."""
    if len(new.strip()) >= _TELLING_CHARS and new.strip() in text and new.strip() not in old:
        return "`old` is not in the file, but `new` already is: the edit seems to have been made before. Read the file to see."
    lines = text.split("\n")
    wanted = [line for line in old.split("\n") if line.strip()]
    place = _nearest(lines[:_SEARCHED_LINES], wanted)
    if place is None:
        return "`old` is not in the file, and nothing like it is. Read the file, and copy `old` from it."
    start, end = place
    top, bottom = max(0, start - _AROUND), min(len(lines), min(end, start + _MOST_LINES) + _AROUND)
    return (
        f"`old` is not in the file. {_first_difference(lines, start, end, wanted)}The nearest text is:\n"
        f"{numbered(lines, top, bottom)}\nCopy `old` from there, without the line numbers."
    )


def numbered(lines: Sequence[str], start: int, end: int) -> str:
    """The lines from `start` up to `end`, counted from 0 and shown counted from 1."""
    return "\n".join(f"{number + 1}| {lines[number][:_SHOWN_CHARS]}".rstrip() for number in range(start, end))


def _nearest(lines: Sequence[str], wanted: Sequence[str]) -> tuple[int, int] | None:
    """Where the most lines of `wanted` are, or where the line is that is most like its longest."""
    alike = [_bare(line) for line in lines]
    bare = [_bare(line) for line in wanted]
    common, span = set(bare), max(len(wanted), 1)
    hits = [line in common and bool(line) for line in alike]
    window = sum(hits[:span])
    best, at = window, 0
    for i in range(1, max(len(lines) - span + 1, 1)):
        window += (hits[i + span - 1] if i + span - 1 < len(hits) else 0) - hits[i - 1]
        if window > best:
            best, at = window, i
    if best:
        hit = next(i for i in range(at, len(lines)) if hits[i])
        start = max(0, hit - bare.index(alike[hit]))
        return start, min(start + span, len(lines))
    longest = max(bare, key=len, default="")
    candidates = [line for line in alike[:_COMPARED_LINES] if line]
    near = difflib.get_close_matches(longest[:1_000], candidates, n=1, cutoff=0.5)
    return (alike.index(near[0]), alike.index(near[0]) + 1) if near else None


def _first_difference(lines: Sequence[str], start: int, end: int, wanted: Sequence[str]) -> str:
    there = [number for number in range(start, end) if lines[number].strip()]
    matcher = difflib.SequenceMatcher(None, [_bare(lines[n]) for n in there], [_bare(w) for w in wanted], False)
    for tag, first, last, old_first, old_last in matcher.get_opcodes():
        if tag == "replace":
            has, says = lines[there[first]].strip(), wanted[old_first].strip()
            return f"Line {there[first] + 1} reads `{has[:_SHOWN_CHARS]}` where `old` has `{says[:_SHOWN_CHARS]}`. "
        if tag == "delete" and first > 0 and last < len(there):
            return f"Line {there[first] + 1} of the file, `{lines[there[first]].strip()[:_SHOWN_CHARS]}`, is missing in `old`. "
        if tag == "insert" and old_first > 0 and old_last <= len(wanted):
            return f"The file does not have the line `{wanted[old_first].strip()[:_SHOWN_CHARS]}` there. "
    return ""


def _bare(line: str) -> str:
    return " ".join(folded(line).split())
