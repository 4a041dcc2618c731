"""What a run tried, a line for each time the checks said no."""

from collections.abc import Iterable

from backend.domain import CheckReport
from backend.events import CheckFinished, Entry, ModelFinished, ToolFinished

MOST = 6
_SAID_CHARS = 140
_FILES = 3


def tried(entries: Iterable[Entry]) -> list[str]:
    """The newest attempts, oldest first; one that was repeated is told once, with how often."""
    lines: list[str] = []
    said, paths = "", dict[str, None]()
    for entry in entries:
        match entry.event:
            case ModelFinished(text=text) if text.strip():
                said = text
            case ToolFinished(changes=changes):
                paths |= dict.fromkeys(change.path for change in changes)
            case CheckFinished(report=report) if not report.passed and (said or paths):
                lines.append(f"{_deed(said, list(paths))}: {_found(report)}")
                said, paths = "", {}
            case CheckFinished():
                said, paths = "", {}
    return _counted(lines)[-MOST:]


def _deed(said: str, paths: list[str]) -> str:
    words = _clipped(said.strip().partition("\n")[0].strip(" #*-").rstrip(":"))
    more = f" and {len(paths) - _FILES} more" if len(paths) > _FILES else ""
    files = ", ".join(paths[:_FILES]) + more
    if words:
        return f"{words} ({files})" if files else words
    return f"Changed {files}"


def _found(report: CheckReport) -> str:
    if not report.problems:
        return "a check did not pass"
    first, more = report.problems[0], len(report.problems) - 1
    return _clipped(first.message.strip().partition("\n")[0]) + (f" (and {more} more)" if more else "")


def _clipped(text: str) -> str:
    return text if len(text) <= _SAID_CHARS else text[: _SAID_CHARS - 1] + "…"


def _counted(lines: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line] = counts.pop(line, 0) + 1
    return [line if times == 1 else f"{line} ({times} times)" for line, times in counts.items()]
