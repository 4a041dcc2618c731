"""What is paid for, though nothing came of it."""

from typing import Literal

from pydantic_ai.usage import RequestUsage

from backend.agent.cost import cost_micros
from backend.agent.models import Candidate
from backend.events import ModelSpent


def spent(candidate: Candidate, usage: RequestUsage, purpose: Literal["broken_off", "title"]) -> list[ModelSpent]:
    """What the provider reported; nothing when it reported nothing."""
    if not usage.total_tokens:
        return []
    return [
        ModelSpent(
            model=candidate.name,
            purpose=purpose,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_micros=cost_micros(candidate.provider, candidate.name, usage, candidate.unlisted),
        )
    ]
