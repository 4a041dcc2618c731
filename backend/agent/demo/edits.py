"""From a file as it is and as it should be to the calls that make it so, each `old` naming exactly one place."""

import difflib

from backend.agent.demo.script import Call


def edits(path: str, before: str, after: str) -> tuple[Call, ...]:
    """One `edit_file` call for each stretch of changed lines, to be made in order; none when nothing changes."""
    calls: list[Call] = []
    now = before
    old_lines, new_lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    shift = 0
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, old_lines, new_lines, False).get_opcodes():
        if tag == "equal":
            continue
        lines = now.splitlines(keepends=True)
        first, last = _unique(lines, start + shift, end + shift)
        put = [*lines[first : start + shift], *new_lines[new_start:new_end], *lines[end + shift : last]]
        old, new = "".join(lines[first:last]), "".join(put)
        calls.append(Call("edit_file", {"path": path, "old": old, "new": new}))
        now = "".join([*lines[:first], new, *lines[last:]])
        shift += (new_end - new_start) - (end - start)
    return tuple(calls)


def _unique(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """The stretch widened by whole lines until its text stands only once in the file."""
    text = "".join(lines)
    while first == last or text.count("".join(lines[first:last])) > 1:
        if first == 0 and last == len(lines):
            break
        first, last = max(0, first - 1), min(len(lines), last + 1)
    return first, last
