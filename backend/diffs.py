"""A file before and after, as a `FileChange` with its unified diff."""

import difflib
import hashlib
from collections.abc import Iterator

from backend.domain import FileChange, FileStatus

CONTEXT = 3
MAX_LINES_COMPARED = 6_000
"""Beyond so many changed lines the finest diff takes seconds to find; the changed middle is shown as one piece."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_change(path: str, before: bytes | None, after: bytes | None) -> FileChange | None:
    """The change, or None when nothing changed."""
    if before == after:
        return None
    status = FileStatus.ADDED if before is None else FileStatus.DELETED if after is None else FileStatus.MODIFIED
    added, removed, diff = _compare(before or b"", after or b"")
    return FileChange(
        path=path,
        status=status,
        added=added,
        removed=removed,
        diff=diff,
        sha256=None if after is None else sha256(after),
    )


def text_of(content: bytes) -> str | None:
    """The content as text; None when it is binary."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _compare(before: bytes, after: bytes) -> tuple[int, int, str]:
    old, new = text_of(before), text_of(after)
    if old is None or new is None:
        return 0, 0, ""
    lines = [_visible(line) for line in _unified(_lines(old), _lines(new))]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return added, removed, "".join(lines)


def _lines(text: str) -> list[str]:
    """Split at line feeds alone, as every diff tool does."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _visible(line: str) -> str:
    return line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def _unified(old: list[str], new: list[str]) -> Iterator[str]:
    if len(old) + len(new) > MAX_LINES_COMPARED:
        yield from _one_piece(old, new)
        return
    lines = difflib.unified_diff(old, new, n=CONTEXT)
    next(lines, None)
    next(lines, None)
    yield from lines


def _one_piece(old: list[str], new: list[str]) -> Iterator[str]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, after = max(0, head - CONTEXT), min(CONTEXT, tail)
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    shared = head - start + after
    yield f"@@ -{start + 1},{len(gone) + shared} +{start + 1},{len(come) + shared} @@\n"
    yield from (" " + line for line in old[start:head])
    yield from ("-" + line for line in gone)
    yield from ("+" + line for line in come)
    yield from (" " + line for line in old[len(old) - tail : len(old) - tail + after])
