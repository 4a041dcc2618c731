"""What one run may spend. Asked before every model call."""

from dataclasses import dataclass

from backend.agent.stops import Stopped
from backend.config import Settings
from backend.domain import Failure, FailureCode


@dataclass(frozen=True)
class Budget:
    max_micros: int
    """Millionths of a US dollar."""
    max_steps: int
    """Model calls."""

    @classmethod
    def for_settings(cls, settings: Settings) -> "Budget":
        return cls(max_micros=settings.run_budget_micros, max_steps=settings.run_max_steps)

    def require(self, spent_micros: int, steps: int) -> None:
        """Raises `BudgetSpent` when no further model call is allowed."""
        if steps >= self.max_steps:
            raise BudgetSpent(
                f"The run used all of its {self.max_steps} model calls before the app passed the checks.",
                "Ask for the rest in a new message, in smaller steps, or raise CODEFLOW_RUN_MAX_STEPS.",
            )
        if spent_micros >= self.max_micros > 0:
            raise BudgetSpent(
                f"The run spent its budget of ${self.max_micros / 1e6:.2f} before the app passed the checks.",
                "Ask for the rest in a new message, in smaller steps, or raise CODEFLOW_RUN_BUDGET_MICROS.",
            )


class BudgetSpent(Stopped):
    def __init__(self, message: str, action: str) -> None:
        super().__init__(Failure(code=FailureCode.BUDGET, message=message, action=action))
