"""Build an app from nothing: the plan, chapter by chapter, then the gate."""

from backend.agent.demo.apps import App, Slip
from backend.agent.demo.colors import PALETTE, with_accent
from backend.agent.demo.edits import edits
from backend.agent.demo.repair import finish_repairing
from backend.agent.demo.script import Say, Script, read, write

STYLES = "app/globals.css"


def build(app: App, name: str) -> Script:
    files = app.files(name)
    (styles,) = yield Say(app.plan.format(name=name), read(STYLES))
    accent = edits(STYLES, styles, with_accent(styles, PALETTE[app.accent]))
    for number, chapter in enumerate(app.chapters):
        calls = tuple(write(path, _first_writing(files[path], path, app.slip)) for path in chapter.paths)
        yield Say(chapter.text, (*calls, *accent) if number == 0 else calls)
    yield from finish_repairing(app, _summary(app, name))


def _first_writing(text: str, path: str, slip: Slip | None) -> str:
    return text.replace(slip.right, slip.wrong) if slip and slip.path == path else text


def _summary(app: App, name: str) -> str:
    ideas = " · ".join(f"“{idea}”" for idea in app.ideas)
    return f"{app.summary.format(name=name)}\n\nYou could go on with: {ideas}"
