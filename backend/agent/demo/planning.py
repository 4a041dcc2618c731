"""What the demo model would build, before it does: an app's own plan, as steps."""

from backend.agent.demo.apps import App
from backend.agent.demo.director import MAX_PROMPT_CHARS, PLAN, app_in, looked_at
from backend.agent.demo.matching import app_for
from backend.agent.demo.naming import given_name
from backend.agent.demo.script import Say, Script
from backend.agent.demo.words import another_project, cannot_build, cannot_plan


def plan(prompt: str, project: str | None) -> Script:
    """`project`: the paths of its files, when they are known already."""
    project = yield from looked_at(project)
    prompt = prompt.partition(PLAN)[0][:MAX_PROMPT_CHARS]
    here, asked = app_in(project), app_for(prompt)
    if here is not None:
        yield Say(cannot_plan(here) if asked is None or asked is here else another_project(here, asked))
    elif asked is None:
        yield Say(cannot_build())
    else:
        yield Say(steps(asked, given_name(prompt) or asked.name))


def steps(app: App, name: str) -> str:
    """One sentence, and the app's promises in the order it is built."""
    lines = app.plan.format(name=name).splitlines()
    promises = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    numbered = [f"{number}. {promise}" for number, promise in enumerate(promises, 1)]
    what = lines[0].removeprefix("I'll build ").rstrip(":")
    return "\n".join([f"{what}, in {len(promises)} steps.", "", *numbered])
