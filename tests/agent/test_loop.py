"""The loop, told as what a run does."""

import asyncio

import pytest

from backend.agent.budget import Budget
from backend.agent.loop import run_agent
from backend.domain import FailureCode
from backend.events import CheckFinished, ModelFinished, StepStarted, ToolFinished
from tests.agent.doubles import (
    Effects,
    Killed,
    MemoryJournal,
    MemoryWorkspace,
    RuleGate,
    a_run,
    failing,
    passing,
)
from tests.agent.scripts import Say, Scripted, results, scripted, told

START = {"app/page.tsx": b"export default function Page() {\n  return <p>Hello</p>;\n}\n", "package.json": b"{}"}
PLENTY = Budget(max_micros=1_000_000, max_steps=50)

GOOD = "export default function Page() {\n  return <p>Counter</p>;\n}\n"
BAD = GOOD.replace("Counter", "{foo}")


def page_must_not_say_foo(files):
    return failing() if b"foo" in files["app/page.tsx"] else passing()


BREAK_AND_REPAIR = [
    Say("Let me look.", [("list_files", {}), ("read_file", {"path": "app/page.tsx"})]),
    Say("Writing.", [("write_file", {"path": "app/page.tsx", "content": BAD}), ("write_file", {"path": "lib/a.ts", "content": "export const a = 1;\n"})]),
    Say("", [("run_command", {"command": "npx tsc --noEmit"}), ("finish", {"summary": "A counter."})]),
    Say("Repairing.", [("edit_file", {"path": "app/page.tsx", "old": "{foo}", "new": "Counter"}), ("delete_file", {"path": "lib/a.ts"})]),
    Say("", [("check", {})]),
    Say("", [("finish", {"summary": "A counter that counts."})]),
]


async def test_broken_app_goes_back_to_the_model_until_the_gate_lets_it_pass():
    journal, workspace, gate = MemoryJournal(a_run()), MemoryWorkspace(START), RuleGate(page_must_not_say_foo)
    script = Scripted(BREAK_AND_REPAIR)
    outcome = await run_agent(journal, workspace, gate, scripted(script), PLENTY)
    assert outcome.succeeded
    assert outcome.verified
    assert outcome.changed
    assert outcome.summary == "A counter that counts."
    assert workspace.files["app/page.tsx"].decode() == GOOD
    assert "Cannot find name 'foo'." in results(script.asked[3])[-1]
    assert [event.report.passed for event in journal.events(CheckFinished)] == [False, True]
    assert gate.asked == 2, "a finish right after a passing check needs no second one"


async def test_killed_anywhere_the_run_ends_the_same_and_no_finished_step_is_done_twice():
    whole = MemoryJournal(a_run())
    await run_agent(whole, MemoryWorkspace(START), RuleGate(page_must_not_say_foo), scripted(Scripted(BREAK_AND_REPAIR)), PLENTY)
    for lived in range(1, len(whole.entries) + 1):
        effects, script = Effects(), Scripted(BREAK_AND_REPAIR)
        first = MemoryJournal(a_run())
        first.kill_after = lived
        with pytest.raises(Killed):
            await run_agent(first, MemoryWorkspace(START, effects), RuleGate(page_must_not_say_foo), scripted(script), PLENTY)
        paid = len(script.asked)
        assert paid - len(first.events(ModelFinished)) in (0, 1)

        second = first.reopened()
        workspace = MemoryWorkspace(second.tree(START), effects)
        outcome = await run_agent(second, workspace, RuleGate(page_must_not_say_foo), scripted(script), PLENTY)
        assert outcome.verified
        assert outcome.summary == "A counter that counts."
        assert workspace.files == {**START, "app/page.tsx": GOOD.encode()}
        assert [e.step for e in second.events(ModelFinished)] == [e.step for e in whole.events(ModelFinished)]
        assert [e.step for e in second.events(ToolFinished)] == [e.step for e in whole.events(ToolFinished)]
        assert [e.step for e in second.events(CheckFinished)] == [e.step for e in whole.events(CheckFinished)]
        assert effects.commands == ["npx tsc --noEmit"], "a command's effect is remembered under its key"
        assert len(script.asked) <= len(BREAK_AND_REPAIR) + 1
