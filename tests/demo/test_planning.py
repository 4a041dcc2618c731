"""Asked for a plan, the demo model says what it would build, and builds it from that."""

import re

import pytest

from backend.agent.demo.apps import APPS
from backend.agent.roles import PLANNER
from tests.demo.desk import Desk
from tests.demo.prompts import BUILDS, UNKNOWN


async def planned(prompt: str, desk: Desk | None = None) -> str:
    desk = desk or Desk()
    desk.role = PLANNER
    before = dict(desk.files)
    assert await desk.ask(prompt) == []
    assert desk.files == before
    return desk.said[-1]


@pytest.mark.parametrize("slug", BUILDS)
async def test_a_plan_is_a_sentence_and_a_few_steps_with_bold_names(slug: str) -> None:
    app = next(app for app in APPS if app.slug == slug)
    sentence, _, *steps = (await planned(BUILDS[slug])).splitlines()
    assert sentence.startswith(f"**{app.name}**, ")
    assert sentence.endswith(".")
    assert 3 <= len(steps) <= 6
    for number, step in enumerate(steps, 1):
        assert re.match(rf"{number}\. \*\*\w[^*]+\*\*", step), step


@pytest.mark.parametrize("slug", BUILDS)
async def test_what_was_planned_is_what_is_built(slug: str) -> None:
    prompt = f'{BUILDS[slug]}, called "Orbit"'
    plan = await planned(prompt)
    assert "**Orbit**" in plan
    with_plan, without = Desk(), Desk()
    await with_plan.ask(f"{prompt}\n\n## Plan\n\n{plan}")
    await without.ask(prompt)
    assert with_plan.files == without.files


async def test_what_it_cannot_build_it_does_not_plan() -> None:
    for prompt in UNKNOWN:
        said = await planned(prompt)
        assert "demo model" in said
        assert "1." not in said


async def test_a_change_is_made_without_a_plan() -> None:
    desk = Desk()
    await desk.ask(BUILDS["kanban"])
    assert "without one" in await planned("make it teal", desk)
    assert "new project" in await planned(BUILDS["landing"], desk)
