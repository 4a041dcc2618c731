"""What one run may spend. Asked before every model call."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from backend.agent.stops import Stopped
from backend.config import Settings
from backend.domain import Failure, FailureCode, Run
from backend.events import Entry, RunClaimed


@dataclass(frozen=True)
class Budget:
    max_micros: int | None
    """Millionths of a US dollar; None: without a cap."""
    max_steps: int
    """Model calls."""
    max_s: float | None = None
    """Seconds of work over all attempts, without what lies between them; None: without a cap."""

    @classmethod
    def for_run(cls, settings: Settings, run: Run) -> "Budget":
        """The installation's caps, and the tier's when that is lower. An installation's of 0 is none."""
        caps = [settings.run_budget_micros or None, run.budget_micros]
        max_micros = min((cap for cap in caps if cap is not None), default=None)
        return cls(max_micros=max_micros, max_steps=settings.run_max_steps, max_s=settings.run_max_s or None)

    def require(self, spent_micros: int, steps: int, worked_s: float = 0) -> None:
        """Raises `BudgetSpent` when no further model call is allowed."""
        if steps >= self.max_steps:
            raise BudgetSpent(
                f"The run used all of its {self.max_steps} model calls before the app passed the checks.",
                "Ask for the rest in a new message, in smaller steps, or raise CODEFLOW_RUN_MAX_STEPS.",
            )
        if self.max_micros is not None and spent_micros >= self.max_micros:
            raise BudgetSpent(
                f"The run spent its budget of ${self.max_micros / 1e6:.2f} before the app passed the checks.",
                "Ask for the rest in a new message, in smaller steps. The budget of one run is the tier's, and at most "
                "CODEFLOW_RUN_BUDGET_MICROS.",
            )
        if self.max_s is not None and worked_s >= self.max_s:
            raise BudgetSpent(
                f"The run worked for {self.max_s / 60:.0f} minutes, which is all it may, before the app passed the checks.",
                "Ask for the rest in a new message, in smaller steps, or raise CODEFLOW_RUN_MAX_S.",
            )


class BudgetSpent(Stopped):
    def __init__(self, message: str, action: str) -> None:
        super().__init__(Failure(code=FailureCode.BUDGET, message=message, action=action))


class Clock:
    """How long a run has been worked on, by its journal for the time before, and by this process's own since."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._before_s = _journaled_s(entries)
        self._since = time.monotonic()

    @property
    def worked_s(self) -> float:
        return self._before_s + time.monotonic() - self._since


def _journaled_s(entries: Sequence[Entry]) -> float:
    """From each claim to the last fact of its attempt: between a lost worker and the next one, nobody worked."""
    total = 0.0
    claimed = None
    for entry, after in zip(entries, [*entries[1:], None], strict=False):
        if isinstance(entry.event, RunClaimed):
            claimed = entry.at
        if claimed and (after is None or isinstance(after.event, RunClaimed)):
            total += (entry.at - claimed).total_seconds()
    return total
