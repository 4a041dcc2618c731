"""A model that may be asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from pydantic_ai.models import Model

from backend.agent.cost import CEILING, Price
from backend.config import ProviderName

TITLES: dict[ProviderName, str] = {
    "openai": "OpenAI",
    "gemini": "Gemini",
    "compatible": "The model server",
    "ollama": "Ollama",
    "demo": "The demo model",
}


@dataclass
class Candidate:
    """One model that may be asked. Its SDK is imported when `model` is first wanted."""

    provider: ProviderName
    name: str
    build: Callable[[], Model] = field(repr=False)
    key_variable: str = ""
    secret: str = field(default="", repr=False)
    unlisted: Price = CEILING
    """What its tokens cost when no price list names it."""

    @cached_property
    def model(self) -> Model:
        return self.build()

    @property
    def id(self) -> str:
        """As settings name it: `provider:model`."""
        return f"{self.provider}:{self.name}"

    @property
    def title(self) -> str:
        return TITLES[self.provider]
