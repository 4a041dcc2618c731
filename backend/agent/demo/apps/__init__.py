"""The apps the demo model can build: their files as they are written, and what it says while writing them."""

from backend.agent.demo.apps.app import App, Chapter, Slip
from backend.agent.demo.apps.dashboard import DASHBOARD
from backend.agent.demo.apps.expenses import EXPENSES
from backend.agent.demo.apps.kanban import KANBAN
from backend.agent.demo.apps.landing import LANDING
from backend.agent.demo.apps.streaming import STREAMING

APPS: tuple[App, ...] = (KANBAN, EXPENSES, DASHBOARD, STREAMING, LANDING)


def app_named(slug: str) -> App:
    return next(app for app in APPS if app.slug == slug)


def all_apps() -> dict[str, dict[str, bytes]]:
    """Every app's files, path → content, as they are when its first build has passed the checks."""
    return {app.slug: {path: text.encode() for path, text in app.files(app.name).items()} for app in APPS}


__all__ = ["APPS", "App", "Chapter", "Slip", "all_apps", "app_named"]
