"""The script of a turn: look at what is there, then build, change, or say plainly that it can't be done."""

from collections.abc import Generator

from backend.agent.demo.apps import APPS, App
from backend.agent.demo.build import build
from backend.agent.demo.changes import change
from backend.agent.demo.matching import app_for
from backend.agent.demo.naming import given_name
from backend.agent.demo.script import Call, Results, Say, Script
from backend.agent.demo.words import another_project, cannot_build, cannot_change

PLAN = "\n\n## Plan\n"
"""Between a request and the plan a person accepted for it."""
MAX_PROMPT_CHARS = 4_000
"""What a person wants from this model is said in the first words; the rest would only slow the search for them."""


def perform(prompt: str, project: str | None) -> Script:
    """`project`: the paths of its files, when they are known already."""
    project = yield from looked_at(project)
    # A plan that goes with it was made of the same words.
    prompt = prompt.partition(PLAN)[0][:MAX_PROMPT_CHARS]
    here = app_in(project)
    asked = app_for(prompt)
    if here is None:
        if asked is None:
            yield Say(cannot_build())
        else:
            yield from build(asked, given_name(prompt) or asked.name)
        return
    script = change(prompt, here)
    if script is not None:
        yield from script
    elif asked is not None and asked is not here:
        yield Say(another_project(here, asked))
    else:
        yield Say(cannot_change(here))


def looked_at(project: str | None) -> Generator[Say, Results, str]:
    """The paths of the project's files, looked up if need be."""
    if project is None:
        (project,) = yield Say("Let me look at what is here first.", (Call("list_files", {"path": ""}),))
    return project


def app_in(listing: str) -> App | None:
    """The app whose files the project has."""
    if "lib/site.ts" not in listing:
        return None
    return next((app for app in APPS if f"components/{app.slug}/" in listing), None)
