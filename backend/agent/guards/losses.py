"""What a change takes away: a file's lines, and the names that others import."""

from collections import Counter

from backend.diffs import text_of

_LEAST_LINES = 10
"""Of a shorter loss there is nothing to ask."""


def lines_lost(before: bytes, after: bytes | None) -> tuple[int, int]:
    """How many of the lines of `before` are gone, and how many it has. Blank lines and indentation do not count, nor
    where a line stands. A binary file is one line.
    """
    old, new = _lines(before), _lines(after or b"")
    return sum((old - new).values()), old.total()


def is_loss(before: bytes, after: bytes | None) -> bool:
    """Whether more than half of a file goes, or all of it."""
    gone, had = lines_lost(before, after)
    return had > 0 if after is None else gone >= _LEAST_LINES and gone * 2 > had


def _lines(content: bytes) -> Counter[str]:
    text = text_of(content)
    if text is None:
        return Counter([content.hex()])
    return Counter(line.strip() for line in text.splitlines() if line.strip())
