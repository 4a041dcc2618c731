"""Ask the models for an answer; when one fails, ask it again or ask the next one.

A rate limit or an outage is met in the same way before the first word and in the middle of an answer: what came so
far is discarded, the journal says so, and another attempt begins. Only whole answers are ever acted on.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse

from backend.agent.ahead import Ahead
from backend.agent.answering import answer
from backend.agent.candidate import Candidate
from backend.agent.faults import FAULTS, Fault, fault_of
from backend.agent.journal import Journal
from backend.agent.models import Models, Patience
from backend.agent.roles import Role
from backend.agent.spending import Bill, Meter
from backend.agent.stops import ModelFailed
from backend.agent.tracing import traced
from backend.domain import CodeFlowError
from backend.events import ModelFinished, ModelRestarted, ModelSpent, StepStarted


@traced
async def ask(
    journal: Journal, step: str, role: Role, models: Models, messages: Sequence[ModelMessage], ahead: Ahead
) -> ModelFinished:
    """The role's answer to `messages`, streamed under `step` and journaled; `ahead` hears of its calls as they come.
    Raises `ModelFailed` when none of the models answers.
    """
    if not models.coder:
        raise ModelFailed(
            models.info.problem, "Set what is missing and restart CodeFlow; `codeflow doctor` shows what is in force."
        )
    await journal.append(StepStarted(step=step, kind="model"))
    begun = time.monotonic()
    response, bill = await _Asking(journal, step, role, models, messages, ahead).first_answer()
    finished = ModelFinished(
        step=step,
        message=ModelMessagesTypeAdapter.dump_python([response], mode="json")[0],
        text=response.text or "",
        thinking=response.thinking or "",
        duration_ms=round((time.monotonic() - begun) * 1000),
        **asdict(bill),
    )
    await journal.append(finished, step=step)
    return finished


@dataclass
class _Turn:
    """A candidate's place in the asking."""

    candidate: Candidate
    asked: int = 0
    ready_at: float = 0.0
    fault: Fault | None = None


class _Asking:
    def __init__(
        self,
        journal: Journal,
        step: str,
        role: Role,
        models: Models,
        messages: Sequence[ModelMessage],
        ahead: Ahead,
    ) -> None:
        self.journal, self.step, self.role, self.ahead = journal, step, role, ahead
        self.models, self.messages = models, messages
        self.turns = [_Turn(candidate) for candidate in models.coder]

    async def first_answer(self) -> tuple[ModelResponse, Bill]:
        """Each candidate once, in their order and at once; then, of those that may still answer, whichever is ready
        first.
        """
        able = list(self.turns)
        last: Fault | None = None
        while able:
            turn = min(able, key=lambda turn: turn.ready_at)
            if last:
                await self._restart(turn, last)
            answered = await self._attempt(turn)
            if answered:
                return answered
            last = turn.fault
            assert last is not None
            if last.remedy == "person" and turn is self.turns[0]:
                raise ModelFailed(last.reason, last.action)
            if last.remedy != "again" or turn.asked >= self.models.patience.rounds:
                able.remove(turn)
        raise self._failure()

    async def _restart(self, turn: _Turn, fault: Fault) -> None:
        name = turn.candidate.name
        reason = f"{fault.reason} Asking {name}{' again' if turn.asked else ''}."
        await self.journal.append(ModelRestarted(step=self.step, model=name, reason=reason))
        await asyncio.sleep(turn.ready_at - time.monotonic())

    async def _attempt(self, turn: _Turn) -> tuple[ModelResponse, Bill] | None:
        """The answer and what it costs; None, with the turn's `fault`, when there is none. What had come of it is
        undone, and paid for all the same.
        """
        candidate, patience = turn.candidate, self.models.patience
        meter = Meter(candidate, self.messages, self.role.tools_chars)
        self.ahead.begin()
        turn.asked += 1
        try:
            response = await answer(
                self.journal, self.step, self.role, candidate, self.messages, self.ahead, meter, patience.silence_s
            )
            return response, meter.bill()
        except FAULTS as error:
            await self.ahead.undo()
            turn.fault = fault_of(error, candidate, patience.told_s)
            turn.ready_at = time.monotonic() + _pause_s(patience, turn.asked, turn.fault)
            await self._charge(meter.spent("broken_off"))
            return None
        except asyncio.CancelledError:
            await self.ahead.undo()
            with contextlib.suppress(CodeFlowError):
                await self._charge(meter.spent("stopped"))
            raise
        except BaseException:
            await self.ahead.undo()
            raise

    async def _charge(self, spent: Sequence[ModelSpent]) -> None:
        if spent:
            await self.journal.append(*spent)

    def _failure(self) -> ModelFailed:
        faults = [(turn.candidate, turn.fault) for turn in self.turns if turn.fault]
        first = faults[0][1]
        if len(faults) == 1:
            message = first.reason
        else:
            message = "None of the models answered. " + " ".join(
                f"{candidate.name}: {fault.reason}" for candidate, fault in faults
            )
        action = next((fault.action for _, fault in faults if fault.action), "")
        return ModelFailed(message, action or "Send the message again in a few minutes; what was built so far is kept.")


def _pause_s(patience: Patience, asked: int, fault: Fault) -> float:
    """Exponential with jitter, but never before the provider said."""
    backoff = min(patience.most_s, patience.first_s * 2 ** (asked - 1)) * random.uniform(0.5, 1)
    return max(backoff, fault.retry_after_s or 0)
