"""What one level found."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain import CheckLevel, CheckProblem


@dataclass(frozen=True)
class Found:
    """`summary` is one line for a person. A level passes when it has no problems."""

    level: CheckLevel
    summary: str
    problems: Sequence[CheckProblem] = ()
    duration_ms: int = 0

    @property
    def passed(self) -> bool:
        return not self.problems


def could_not_run(level: CheckLevel, what: str, why: str) -> Found:
    """A level that could not do its work: failed, never passed over."""
    return Found(level, what, [CheckProblem(level=level, message=f"{what}: {why}")])


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
