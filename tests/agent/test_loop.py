"""The loop, told as what a run does."""

import asyncio

import pytest

from backend.agent.budget import Budget, BudgetSpent
from backend.agent.loop import run_agent
from backend.config import Settings
from backend.domain import FailureCode
from backend.events import CheckFinished, ModelFinished, ModelSpent, StepStarted, ToolFinished
from backend.workspace import SandboxLost
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
    Say(
        "Writing.",
        [
            ("write_file", {"path": "app/page.tsx", "content": BAD}),
            ("write_file", {"path": "lib/a.ts", "content": "export const a = 1;\n"}),
        ],
    ),
    Say("", [("run_command", {"command": "npx tsc --noEmit"}), ("finish", {"summary": "A counter."})]),
    Say(
        "Repairing.",
        [
            ("edit_file", {"path": "app/page.tsx", "old": "{foo}", "new": "Counter"}),
            ("delete_file", {"path": "lib/a.ts"}),
        ],
    ),
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
    await run_agent(
        whole, MemoryWorkspace(START), RuleGate(page_must_not_say_foo), scripted(Scripted(BREAK_AND_REPAIR)), PLENTY
    )
    for lived in range(1, len(whole.entries) + 1):
        effects, script = Effects(), Scripted(BREAK_AND_REPAIR)
        first = MemoryJournal(a_run())
        first.kill_after = lived
        with pytest.raises(Killed):
            await run_agent(
                first, MemoryWorkspace(START, effects), RuleGate(page_must_not_say_foo), scripted(script), PLENTY
            )
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


async def run(script: Scripted, rule=page_must_not_say_foo, *, budget=PLENTY, prompt="a counter"):
    journal, workspace, gate = MemoryJournal(a_run(prompt)), MemoryWorkspace(START), RuleGate(rule)
    return await run_agent(journal, workspace, gate, scripted(script), budget), journal, gate


def writes(content: str, path: str = "app/page.tsx"):
    return ("write_file", {"path": path, "content": content})


async def test_question_is_answered_without_asking_the_gate():
    outcome, _journal, gate = await run(
        Scripted([Say("It greets you.", [("read_file", {"path": "app/page.tsx"})]), Say("It says Hello.")])
    )
    assert outcome.succeeded
    assert not outcome.changed
    assert not outcome.verified
    assert outcome.summary == "It says Hello."
    assert gate.asked == 0


async def test_model_that_just_stops_talking_after_changing_files_is_checked_all_the_same():
    script = Scripted([Say("", [writes(BAD)]), Say("All done!"), Say("Oh.", [writes(GOOD)]), Say("Now it is.")])
    outcome, _journal, _gate = await run(script)
    assert outcome.verified
    assert outcome.summary == "Now it is."
    assert "Cannot find name 'foo'." in told(script.asked[2])


async def test_same_failure_three_times_ends_the_run_and_says_what_is_broken():
    def stubborn(turn: int) -> Say:
        padding = "\n" * turn
        return Say("Again.", [writes(padding + BAD), ("finish", {"summary": "Done!"})])

    outcome, journal, gate = await run(
        Scripted(stubborn), lambda files: failing(line=files["app/page.tsx"].count(b"\n"))
    )
    assert not outcome.succeeded
    assert outcome.failure is not None
    assert outcome.failure.code is FailureCode.CHECKS
    assert "Cannot find name 'foo'." in outcome.failure.message
    assert "app/page.tsx" in outcome.failure.message
    assert outcome.report is not None
    assert not outcome.verified
    assert gate.asked == 3
    assert len(journal.events(ToolFinished)) == 6, "the last finish has its result in the journal too"


async def test_failures_that_change_are_progress():
    def rule(files):
        left = files["app/page.tsx"].count(b"x")
        return failing(f"{'oops ' * left}") if left else passing()

    outcome, _, gate = await run(
        Scripted(lambda turn: Say("", [writes("x" * (6 - turn) + "\n"), ("finish", {"summary": "Done."})])), rule
    )
    assert outcome.verified
    assert gate.asked == 7


async def test_two_failures_taking_turns_are_no_progress():
    def rule(files):
        return failing("A") if b"a" in files["app/page.tsx"] else failing("B")

    outcome, _, gate = await run(
        Scripted(lambda turn: Say("", [writes("ab"[turn % 2]), ("finish", {"summary": "."})])), rule
    )
    assert outcome.failure is not None
    assert outcome.failure.code is FailureCode.CHECKS
    assert gate.asked == 4


async def test_budget_of_steps_ends_the_run_before_the_next_call_and_tells_how_the_app_stands():
    script = Scripted(lambda turn: Say("", [writes(f"{GOOD}// {turn}\n")]))
    outcome, _journal, gate = await run(script, budget=Budget(max_micros=1_000_000, max_steps=4))
    assert outcome.failure is not None
    assert outcome.failure.code is FailureCode.BUDGET
    assert "4 model calls" in outcome.failure.message
    assert len(script.asked) == 4
    assert outcome.verified, "what was built passes, though the model had not finished"
    assert gate.asked == 1


async def test_budget_of_money_counts_what_earlier_attempts_spent():
    journal = MemoryJournal(a_run())
    script = Scripted(lambda turn: Say("", [writes(f"{GOOD}// {turn}\n")]))
    await run_agent(journal, MemoryWorkspace(START), RuleGate(), scripted(script), Budget(1_000_000, 2))
    entries = [
        e.model_copy(update={"event": e.event.model_copy(update={"cost_micros": 600_000})})
        if isinstance(e.event, ModelFinished)
        else e
        for e in journal.entries
        if not isinstance(e.event, CheckFinished)
    ]
    again = MemoryJournal(a_run(), entries=entries, blobs=journal.blobs)
    outcome = await run_agent(again, MemoryWorkspace(again.tree(START)), RuleGate(), scripted(script), PLENTY)
    assert outcome.failure is not None
    assert outcome.failure.code is FailureCode.BUDGET
    assert "$1.00" in outcome.failure.message
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("installation", "tier", "cap"),
    [(3_000_000, 500_000, 500_000), (200_000, 500_000, 200_000), (3_000_000, None, 3_000_000), (0, 500_000, 500_000)],
)
def test_one_run_spends_no_more_than_its_tier_and_its_installation_allow(installation, tier, cap):
    settings = Settings(CODEFLOW_RUN_BUDGET_MICROS=installation)  # pyright: ignore[reportCallIssue]
    budget = Budget.for_run(settings, a_run(budget_micros=tier))
    assert budget.max_micros == cap
    budget.require(cap - 1, 0)
    with pytest.raises(BudgetSpent):
        budget.require(cap, 0)


def test_an_installation_may_do_without_caps_of_money():
    settings = Settings(CODEFLOW_RUN_BUDGET_MICROS=0)  # pyright: ignore[reportCallIssue]
    Budget.for_run(settings, a_run()).require(10**12, 0)


async def test_money_spent_on_answers_that_came_to_nothing_is_spent():
    journal = MemoryJournal(a_run())
    await journal.append(
        ModelSpent(model="m", purpose="broken_off", input_tokens=9, output_tokens=9, cost_micros=1_000_000)
    )
    script = Scripted([Say("Hello.")])
    outcome = await run_agent(journal, MemoryWorkspace(START), RuleGate(), scripted(script), PLENTY)
    assert outcome.failure is not None
    assert outcome.failure.code is FailureCode.BUDGET
    assert script.asked == []


async def test_what_the_model_gets_wrong_goes_back_to_it_and_never_crashes_the_run():
    script = Scripted(
        [
            Say(
                "",
                [
                    ("make_coffee", {}),
                    ("write_file", {"path": "a.ts"}),
                    ("write_file", '{"path": "a.ts", "content": "const'),
                    ("write_file", '["a.ts"]'),
                    ("write_file", {"path": "../etc/passwd", "content": "x"}),
                    ("read_file", {"path": "missing.ts"}),
                    ("search", {"pattern": "(["}),
                    ("edit_file", {"path": "app/page.tsx", "old": "Goodbye", "new": "Hello"}),
                    ("delete_file", {"path": "missing.ts"}),
                ],
            ),
            Say("I see."),
        ]
    )
    outcome, journal, _ = await run(script)
    assert outcome.succeeded
    told_back = results(script.asked[1])
    expected = [
        "no tool `make_coffee`",
        "content: Field required",
        "not whole JSON",
        "JSON object",
        "may not be touched",
        "no file `missing.ts`",
        "not a regular expression",
        "not in the file",
        "nothing was deleted",
    ]
    assert [clue in text for clue, text in zip(expected, told_back, strict=True)] == [True] * len(expected)
    assert not any(event.ok for event in journal.events(ToolFinished))


async def test_finish_beside_a_failed_edit_is_not_taken_for_the_end():
    script = Scripted(
        [
            Say(
                "",
                [
                    ("finish", {"summary": "Changed."}),
                    ("edit_file", {"path": "app/page.tsx", "old": "Goodbye", "new": "Hi"}),
                ],
            ),
            Say(
                "",
                [
                    ("edit_file", {"path": "app/page.tsx", "old": "Hello", "new": "Hi"}),
                    ("finish", {"summary": "Says Hi."}),
                ],
            ),
        ]
    )
    outcome, journal, _ = await run(script)
    assert outcome.summary == "Says Hi."
    assert len(journal.events(CheckFinished)) == 1
    assert "edit_file failed in this same answer" in results(script.asked[1])[1]


async def test_stop_passes_through_at_once_and_leaves_a_journal_to_go_on_from():
    begun = asyncio.Event()

    async def sleepy(command, workspace):
        begun.set()
        await asyncio.sleep(3600)
        raise AssertionError

    journal = MemoryJournal(a_run(), title="")
    workspace = MemoryWorkspace(START, shell=sleepy)
    script = Scripted([Say("", [writes(GOOD), ("run_command", {"command": "sleep 3600"})])])
    work = asyncio.create_task(run_agent(journal, workspace, RuleGate(), scripted(script), PLENTY))
    await asyncio.wait_for(begun.wait(), 5)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(work, 1)
    assert [e.step for e in journal.events(ToolFinished)] == ["tool:0:0"]
    assert len(asyncio.all_tasks()) == 1, "nothing is left running"


async def test_lost_sandbox_goes_to_the_caller_who_opens_a_new_one_and_goes_on():
    async def dying(command, workspace):
        raise SandboxLost("The sandbox is gone.")

    journal, script = MemoryJournal(a_run()), Scripted(BREAK_AND_REPAIR)
    with pytest.raises(SandboxLost):
        await run_agent(
            journal, MemoryWorkspace(START, shell=dying), RuleGate(page_must_not_say_foo), scripted(script), PLENTY
        )
    workspace = MemoryWorkspace(journal.tree(START))
    outcome = await run_agent(journal, workspace, RuleGate(page_must_not_say_foo), scripted(script), PLENTY)
    assert outcome.verified
    assert len(script.asked) == len(BREAK_AND_REPAIR)


async def test_steps_are_announced_streamed_and_finished_with_their_changes():
    _, journal, _ = await run(Scripted(BREAK_AND_REPAIR))
    kinds = [(e.event.step, e.event.kind, e.event.target) for e in journal.entries if isinstance(e.event, StepStarted)]
    assert kinds[:3] == [("model:0", "model", ""), ("tool:0:0", "tool", "/"), ("tool:0:1", "tool", "app/page.tsx")]
    assert ("tool:2:0", "tool", "npx tsc --noEmit") in kinds
    written = next(event for event in journal.events(ToolFinished) if event.step == "tool:1:0")
    assert [(change.path, change.status, change.added, change.removed) for change in written.changes] == [
        ("app/page.tsx", "M", 1, 1)
    ]
    assert journal.blobs[written.changes[0].sha256].decode() == BAD
    shown = "".join(delta.text for step, delta in journal.deltas if step == "tool:2:0" and delta.kind == "output")
    assert shown == "ran npx tsc --noEmit\n"


async def test_project_without_a_name_gets_one_beside_the_work():
    journal = MemoryJournal(a_run("Please build me a counter for cups of coffee, with undo"), title="")
    await run_agent(journal, MemoryWorkspace(START), RuleGate(), scripted(Scripted([Say("Hello.")])), PLENTY)
    assert journal.title == "Counter for cups of coffee, with undo"
