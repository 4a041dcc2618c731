"""A long text kept short: its head and its tail."""

import re

MAX_CHARS = 30_000
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def plain(text: str) -> str:
    """Without colours and cursor movements; of a line drawn over itself, the last state."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


class BoundedOutput:
    """Collects text of any length in bounded memory; `str()` leaves the middle out and says how much."""

    def __init__(self, max_chars: int = MAX_CHARS) -> None:
        self._head_chars = max_chars // 3
        self._tail_chars = max_chars - self._head_chars - 100
        self._head = ""
        self._tail = ""
        self._left_out = 0
        self.bytes_seen = 0

    def add(self, text: str) -> None:
        self.bytes_seen += len(text.encode())
        room = self._head_chars - len(self._head)
        self._head += text[:room]
        tail = self._tail + text[room:]
        surplus = max(0, len(tail) - self._tail_chars)
        self._left_out += surplus
        self._tail = tail[surplus:]

    def __str__(self) -> str:
        gap = f"\n[… {self._left_out:,} characters left out …]\n" if self._left_out else ""
        return plain(self._head + gap + self._tail)
