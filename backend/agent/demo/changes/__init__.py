"""Changes to an app that is there. Each works on the files as they are now, read in the same turn."""

from collections.abc import Callable

from backend.agent.demo.apps import App
from backend.agent.demo.changes.accent import accent
from backend.agent.demo.changes.card import card
from backend.agent.demo.changes.column import column
from backend.agent.demo.changes.dark import dark
from backend.agent.demo.changes.expense import expense
from backend.agent.demo.changes.film import film
from backend.agent.demo.changes.filter import filters
from backend.agent.demo.changes.headline import headline
from backend.agent.demo.changes.kpi import kpi
from backend.agent.demo.changes.page import page
from backend.agent.demo.changes.question import question
from backend.agent.demo.changes.rename import rename
from backend.agent.demo.changes.request import Request
from backend.agent.demo.script import Script

Way = Callable[[Request], Script | None]

WAYS: tuple[Way, ...] = (
    *(rename, headline, filters, page, dark),
    *(card, column, expense, kpi, film, question),
    accent,
)
"""In the order they are tried: what is unmistakable first, the accent last, for any prompt may name a colour."""


def change(prompt: str, app: App) -> Script | None:
    """The script of the change the prompt asks for, or None when it is none of these."""
    request = Request(prompt=prompt, app=app)
    return next((script for way in WAYS if (script := way(request)) is not None), None)
