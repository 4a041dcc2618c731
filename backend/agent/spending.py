"""What an answer is billed at: as its provider reports, and where that says nothing, as its length lets one guess."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from pydantic_ai.messages import BinaryContent, ModelMessage, ModelRequest, UserPromptPart
from pydantic_ai.usage import RequestUsage

from backend.agent.candidate import Candidate
from backend.agent.cost import cost_micros
from backend.events import ModelSpent

CHARS_A_TOKEN = 3.5
"""Of code and English, as the large models' tokenizers cut them; on the safe side."""
IMAGE_TOKENS = 1_200


@dataclass(frozen=True)
class Bill:
    """The fields `ModelFinished` and `ModelSpent` share."""

    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_micros: int
    estimated: bool


def billed(candidate: Candidate, usage: RequestUsage, *, estimated: bool = False) -> Bill:
    return Bill(
        model=candidate.name,
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cache_read_tokens,
        output_tokens=usage.output_tokens,
        cost_micros=cost_micros(candidate.provider, candidate.name, usage, candidate.unlisted),
        estimated=estimated,
    )


def spent(
    candidate: Candidate, usage: RequestUsage, purpose: Literal["broken_off", "stopped", "title"]
) -> list[ModelSpent]:
    """What the provider reported; nothing when it reported nothing."""
    return [ModelSpent(purpose=purpose, **asdict(billed(candidate, usage)))] if usage.total_tokens else []


class Meter:
    """What one answer comes to, from when its first piece arrives."""

    def __init__(self, candidate: Candidate, sent: Sequence[ModelMessage], overhead_chars: int) -> None:
        """`overhead_chars`: what is sent beside the messages."""
        self._candidate, self._sent, self._overhead_chars = candidate, sent, overhead_chars
        self._reported = RequestUsage()
        self._heard_chars: int | None = None

    def hear(self, text: str) -> None:
        """A piece of the answer, of whatever kind."""
        self._heard_chars = (self._heard_chars or 0) + len(text)

    def report(self, usage: RequestUsage) -> None:
        """What the provider says by now."""
        self._reported = usage

    def bill(self) -> Bill:
        """Of a whole answer. Many a model server reports nothing."""
        if self._reported.total_tokens or self._candidate.provider == "demo":
            return billed(self._candidate, self._reported)
        return billed(self._candidate, self._guessed(), estimated=True)

    def spent(self, purpose: Literal["broken_off", "stopped"]) -> list[ModelSpent]:
        """Of an answer that came to nothing; nothing when none of it had come."""
        if self._heard_chars is None and not self._reported.total_tokens:
            return []
        return [ModelSpent(purpose=purpose, **asdict(self.bill()))]

    def _guessed(self) -> RequestUsage:
        images, chars = _told(self._sent)
        sent = chars + self._overhead_chars
        return RequestUsage(
            input_tokens=math.ceil(sent / CHARS_A_TOKEN) + images * IMAGE_TOKENS,
            output_tokens=math.ceil((self._heard_chars or 0) / CHARS_A_TOKEN),
        )


def _told(messages: Sequence[ModelMessage]) -> tuple[int, int]:
    """How many images the messages hold, and how many characters."""
    images = chars = 0
    instructions = ""
    for message in messages:
        if isinstance(message, ModelRequest):
            instructions = message.instructions or instructions
        for part in message.parts:
            if isinstance(part, UserPromptPart) and not isinstance(part.content, str):
                pictures = [piece for piece in part.content if isinstance(piece, BinaryContent)]
                images += len(pictures)
                chars += sum(len(str(piece)) for piece in part.content if not isinstance(piece, BinaryContent))
            else:
                chars += len(str(getattr(part, "content", None) or getattr(part, "args", None) or ""))
    return images, chars + len(instructions)
