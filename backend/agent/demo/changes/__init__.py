"""Changes to an app that is there. Each works on the files as they are now, read in the same turn."""

from collections.abc import Callable, Sequence

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
from backend.agent.demo.changes.request import Outcome, Request
from backend.agent.demo.changes.wishes import wishes
from backend.agent.demo.repair import finish_repairing
from backend.agent.demo.script import Say, Script

Way = Callable[[Request], Script | None]

WAYS: tuple[Way, ...] = (
    *(rename, headline, filters, page, dark),
    *(card, column, expense, kpi, film, question),
    accent,
)
"""In the order they are tried: what is unmistakable first, the accent last, for any prompt may name a colour."""


def change(prompt: str, app: App) -> Script | None:
    """The script of the changes the prompt asks for, or None when it asks for none of these."""
    outcome = Outcome()
    scripts = [_script(Request(wish, app, outcome)) for wish in wishes(prompt)]
    if None in scripts:
        scripts = [_script(Request(prompt, app, outcome))]
    known = [script for script in scripts if script]
    return _in_order(known, outcome, app) if known else None


def _script(request: Request) -> Script | None:
    return next((script for way in WAYS if (script := way(request)) is not None), None)


def _in_order(scripts: Sequence[Script], outcome: Outcome, app: App) -> Script:
    for script in scripts:
        yield from script
    said = " ".join([*outcome.summaries, *outcome.notes])
    if outcome.summaries:
        yield from finish_repairing(app, said)
    else:
        yield Say(said)
