"""Who is asked: a prompt file, and the tools it may use."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic_ai.models import ModelRequestParameters

from backend.agent.prompts import RoleName, prompt
from backend.agent.tools import CATALOGUE, LOOKING


@dataclass(frozen=True)
class Role:
    name: RoleName
    tools: Sequence[str]
    """In a fixed order: they are part of what a provider's cache keeps."""

    @property
    def instructions(self) -> str:
        return prompt(self.name)

    @cached_property
    def parameters(self) -> ModelRequestParameters:
        definitions = [CATALOGUE[name].definition() for name in self.tools]
        return ModelRequestParameters(function_tools=definitions, allow_text_output=True)

    @cached_property
    def tools_chars(self) -> int:
        """How long the tools' definitions are, in characters: part of what every request costs."""
        tools = self.parameters.function_tools
        return sum(len(json.dumps(tool.parameters_json_schema)) + len(tool.description or "") for tool in tools)


CODER = Role("coder", tuple(CATALOGUE))
"""Builds, changes and repairs."""
PLANNER = Role("planner", LOOKING)
"""Says how it would be built."""
