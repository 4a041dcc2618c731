"""What is asked, and the two endings every change has."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from backend.agent.demo.apps import App
from backend.agent.demo.naming import quoted
from backend.agent.demo.repair import finish_repairing
from backend.agent.demo.script import Call, Say, Script


@dataclass(frozen=True)
class Request:
    prompt: str
    app: App

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
    """Make the changes, and let the gate decide."""
    yield Say(text, tuple(calls))
    yield from finish_repairing(request.app, summary)


def stop(text: str) -> Script:
    """Say something, and end the turn with nothing changed."""
    yield Say(text)


def replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str | None:
    """`text` with each first of a pair replaced by its second, or None unless every first stands in it exactly once."""
    for old, new in pairs:
        if text.count(old) != 1:
            return None
        text = text.replace(old, new)
    return text
