"""From a file as it is and as it should be to the calls that make it so, each `old` naming exactly one place."""

import difflib

from backend.agent.demo.script import Call

NEAR_LINES = 10
"""Changes with no more unchanged lines between them are one edit."""

Stretch = tuple[int, int, int, int]
"""First and last line before, first and last line after; the last ones not included."""


def edits(path: str, before: str, after: str) -> tuple[Call, ...]:
    """One `edit_file` call for each stretch of changed lines, to be made in order; none when nothing changes."""
    calls: list[Call] = []
    lines, wanted = before.splitlines(keepends=True), after.splitlines(keepends=True)
    shift = 0
    for start, end, wanted_start, wanted_end in _stretches(lines, wanted):
        now = [*wanted[: start + shift], *lines[start:]]
        first, last = _unique(now, start + shift, end + shift)
        put = [*now[first : start + shift], *wanted[wanted_start:wanted_end], *now[end + shift : last]]
        calls.append(Call("edit_file", {"path": path, "old": "".join(now[first:last]), "new": "".join(put)}))
        shift = wanted_end - end
    return tuple(calls)


def _stretches(lines: list[str], wanted: list[str]) -> list[Stretch]:
    stretches: list[Stretch] = []
    for tag, start, end, wanted_start, wanted_end in difflib.SequenceMatcher(None, lines, wanted, False).get_opcodes():
        if tag == "equal":
            continue
        if stretches and start - stretches[-1][1] <= NEAR_LINES:
            opened, _, wanted_opened, _ = stretches.pop()
            stretches.append((opened, end, wanted_opened, wanted_end))
        else:
            stretches.append((start, end, wanted_start, wanted_end))
    return stretches


def _unique(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """The stretch widened by whole lines until its text stands only once in the file."""
    text = "".join(lines)
    while first == last or text.count("".join(lines[first:last])) > 1:
        if first == 0 and last == len(lines):
            break
        first, last = max(0, first - 1), min(len(lines), last + 1)
    return first, last
