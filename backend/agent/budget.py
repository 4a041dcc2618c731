"""What one run may spend. Asked before every model call."""

from dataclasses import dataclass

from backend.agent.stops import Stopped
from backend.config import Settings
from backend.domain import Failure, FailureCode, Run


@dataclass(frozen=True)
class Budget:
    max_micros: int | None
    """Millionths of a US dollar; None: without a cap."""
    max_steps: int
    """Model calls."""

    @classmethod
    def for_run(cls, settings: Settings, run: Run) -> "Budget":
        """The installation's caps, and the tier's when that is lower. An installation's of 0 is none."""
        caps = [settings.run_budget_micros or None, run.budget_micros]
        max_micros = min((cap for cap in caps if cap is not None), default=None)
        return cls(max_micros=max_micros, max_steps=settings.run_max_steps)

    def require(self, spent_micros: int, steps: int) -> None:
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


class BudgetSpent(Stopped):
    def __init__(self, message: str, action: str) -> None:
        super().__init__(Failure(code=FailureCode.BUDGET, message=message, action=action))
