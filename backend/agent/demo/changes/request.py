"""One wish, and the two endings it can have."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from backend.agent.demo.apps import App
from backend.agent.demo.naming import quoted
from backend.agent.demo.script import Call, Say, Script


@dataclass(frozen=True)
class Outcome:
    """What came of the wishes in one prompt, in words for the person."""

    summaries: list[str] = field(default_factory=list)
    """One for each change made."""
    notes: list[str] = field(default_factory=list)
    """One for each wish that changed nothing."""


@dataclass(frozen=True)
class Request:
    """One wish."""

    prompt: str
    app: App
    outcome: Outcome = field(default_factory=Outcome)

    @cached_property
    def quoted(self) -> list[str]:
        return quoted(self.prompt)

    @cached_property
    def bare(self) -> str:
        """The prompt without what is in quotes, which is content and not a wish."""
        text = self.prompt
        for piece in self.quoted:
            text = text.replace(piece, "")
        return text

    def mentions(self, words: str) -> bool:
        return re.search(rf"\b(?:{words})\b", self.bare, re.I) is not None


def apply(request: Request, text: str, calls: Iterable[Call], summary: str) -> Script:
    """Make a change."""
    yield Say(text, tuple(calls))
    request.outcome.summaries.append(summary)


def stop(request: Request, text: str) -> Script:
    """Leave everything as it is, and say why."""
    request.outcome.notes.append(text)
    yield from ()


def replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str | None:
    """`text` with each first of a pair replaced by its second, or None unless every first stands in it exactly once."""
    for old, new in pairs:
        if text.count(old) != 1:
            return None
        text = text.replace(old, new)
    return text
