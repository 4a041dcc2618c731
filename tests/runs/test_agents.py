"""The real agent loop on a real journal, interrupted at will."""

import asyncio
import random
from collections import Counter

import pytest

from backend.agent.models import Models
from backend.domain import RunStatus
from backend.runs.agents import agent_work
from backend.runs.journal import result_of
from tests.agent.scripts import Say, Scripted, scripted
from tests.runs.stage import USER, Stage, until

SCRIPT = [
    Say("I look first.", [("list_files", {}), ("read_file", {"path": "package.json"})]),
    Say("A page.", [("write_file", {"path": "app/cats/page.tsx", "content": "BROKEN\n" * 40})]),
    Say("A command.", [("run_command", {"command": "echo hi"})]),
    Say("Done.", [("finish", {"summary": "A page for cats."})]),
    Say("Repaired.", [("write_file", {"path": "app/cats/page.tsx", "content": "export default 1\n"})]),
    Say("Done.", [("finish", {"summary": "A page for cats."})]),
]


@pytest.fixture
def script(stage: Stage) -> Scripted:
    script = Scripted(SCRIPT)
    models = scripted(script)

    async def chosen() -> Models:
        return models

    stage.agent = agent_work(chosen)
    return script


async def test_the_agents_repair_what_the_gate_refuses_and_the_version_is_verified(
    stage: Stage, script: Scripted
) -> None:
    run = await stage.runs.start(USER, None, "Build a page for cats")
    async with stage.working():
        over = await stage.over(run)
    view = await stage.view(run)
    assert over.status is RunStatus.SUCCEEDED, view.runs[0].failure
    assert [s.report.passed for s in view.runs[0].steps if s.report] == [False, True]
    assert [v.number for v in view.versions] == [1]
    assert view.title == "Page for cats"
    assert len(script.asked) == len(SCRIPT)
    tree = await stage.store.tree(USER, run.project_id)
    assert await stage.store.blob(USER, run.project_id, tree["app/cats/page.tsx"]) == b"export default 1\n"


@pytest.mark.parametrize("seed", range(3))
async def test_a_run_whose_workers_come_and_go_ends_as_if_nothing_had_been(
    stage: Stage, script: Scripted, seed: int
) -> None:
    chance = random.Random(seed)
    run = await stage.runs.start(USER, None, "Build a page for cats")
    for _ in range(5):
        length = len(await stage.entries(run)) + chance.randrange(1, 7)

        async def grew(length: int = length) -> bool:
            over = (await stage.store.run(USER, run.id)).status.over
            return over or len(await stage.entries(run)) >= length

        async with stage.working():
            await until(grew)
            await asyncio.sleep(chance.random() * 0.01)
    async with stage.working():
        over = await stage.over(run)
    assert over.status is RunStatus.SUCCEEDED
    steps = [step for e in await stage.entries(run) if (step := result_of(e.event))]
    assert max(Counter(steps).values()) == 1
    assert [s for s in steps if s.startswith("model")] == [f"model:{n}" for n in range(len(SCRIPT))]
    assert stage.workspaces.executed().count("echo hi") == 1
    assert [v.number for v in (await stage.view(run)).versions] == [1]
