"""A run that gets nowhere ends, and says what it tried."""

from datetime import timedelta

import pytest
from pydantic_ai.messages import ToolCallPart

from backend.agent.budget import Budget, BudgetSpent, Clock
from backend.agent.loop import run_agent
from backend.agent.progress import IDLE_LIMIT, SAME_LIMIT, Progress
from backend.agent.signatures import signature
from backend.agent.stops import Idle, SameFailure
from backend.agent.tried import tried
from backend.config import Settings
from backend.domain import CheckReport, FailureCode
from backend.events import CheckFinished, Entry, ModelFinished, RunClaimed, StepStarted, ToolFinished
from tests.agent.doubles import NOW, Effects, Killed, MemoryJournal, MemoryWorkspace, RuleGate, a_run, failing, passing
from tests.agent.scripts import Say, Scripted, results, scripted

START = {"app/page.tsx": b"export default function Page() {\n  return <p>Hello</p>;\n}\n"}
PLENTY = Budget(max_micros=1_000_000, max_steps=50)


def finds(*messages: str) -> CheckReport:
    problem = failing().problems[0]
    return failing().model_copy(update={"problems": [problem.model_copy(update={"message": m}) for m in messages]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Unexpected token (12:7)", "Unexpected token (31:22)"),
        ("GET http://localhost:3000/api failed in 812ms", "GET http://localhost:4017/api failed in 1.2 s"),
        ("Error in _next/static/chunks/a1b2c3d4.js", "Error in _next/static/chunks/99ffe012.js"),
        ("Failed: 550e8400-e29b-41d4-a716-446655440000", "Failed: 123e4567-e89b-12d3-a456-426614174000"),
        ("x is undefined\n    at Page (app/page.tsx:3:1)", "x is undefined\n    at Board (app/page.tsx:9:4)"),
        ("\x1b[31mType error\x1b[0m:  no", "Type error: no"),
    ],
)
def test_same_failure_is_known_again_by_another_line_port_hash_time_or_colour(one, other):
    assert signature(finds(one)) == signature(finds(other))


def test_order_of_problems_does_not_matter_but_each_problem_does():
    assert signature(finds("a", "b")) == signature(finds("b", "a"))
    assert signature(finds("a", "b")) != signature(finds("a"))
    assert signature(finds("Cannot find name 'foo'.")) != signature(finds("Cannot find name 'bar'."))


def test_progress_is_any_change_in_the_set_of_problems():
    progress = Progress()
    for report in (finds("a", "b", "c"), finds("a", "b"), finds("a", "d"), finds("a"), finds("e"), passing()):
        progress.checked(report)
        progress.require()


def test_two_sets_of_problems_that_take_turns_end_the_run_at_the_second_return():
    progress = Progress()
    for report in (finds("a"), finds("b"), finds("a")):
        progress.checked(report)
        progress.require()
    progress.checked(finds("b"))
    with pytest.raises(SameFailure, match="took turns"):
        progress.require()


async def run(answers, *, rule=lambda _: passing(), shell=None, budget=PLENTY, journal=None):
    journal = journal or MemoryJournal(a_run("a counter"))
    workspace = MemoryWorkspace(START, shell=shell) if shell else MemoryWorkspace(START)
    script = Scripted(answers)
    return await run_agent(journal, workspace, RuleGate(rule), scripted(script), budget), journal, script


async def test_same_call_with_the_same_refusal_is_warned_of_and_then_ends_the_run():
    miss = ("edit_file", {"path": "app/page.tsx", "edits": [{"old": "Goodbye", "new": "Hi"}]})
    outcome, journal, script = await run(lambda turn: Say(f"Try {turn}.", [miss]))
    assert outcome.failure
    assert outcome.failure.code is FailureCode.MODEL
    assert "3 times it called edit_file (app/page.tsx)" in outcome.failure.message
    assert "not in the file" in outcome.failure.message
    assert len(script.asked) == SAME_LIMIT
    heard = results(script.asked[-1])
    assert "a third time ends the run" not in heard[0]
    assert "a third time ends the run" in heard[1]
    assert "third time" not in journal.events(ToolFinished)[1].result, "the warning is the model's business"


async def test_failing_command_whose_output_differs_only_in_its_times_is_the_same():
    times = iter(range(100, 200, 7))

    async def shell(command, workspace):
        return 1, f"1 test failed in {next(times)} ms", {}

    outcome, _, script = await run(lambda turn: Say("", [("run_command", {"command": "node test.js"})]), shell=shell)
    assert outcome.failure
    assert outcome.failure.code is FailureCode.MODEL
    assert len(script.asked) == SAME_LIMIT


async def test_calls_that_fail_for_different_reasons_go_on():
    def answers(turn: int) -> Say:
        return Say("", [("read_file", {"path": f"lib/{'abcdefghij'[turn]}.ts"})]) if turn < 8 else Say("Nothing there.")

    outcome, _, _ = await run(answers)
    assert outcome.succeeded


async def test_answers_that_neither_change_nor_find_anything_end_the_run():
    outcome, _, script = await run(lambda turn: Say("Hm.", [("read_file", {"path": "app/page.tsx"})]))
    assert outcome.failure
    assert "changed no file and found out nothing new" in outcome.failure.message
    assert len(script.asked) == IDLE_LIMIT + 1, "the first reading was news"


def test_a_change_or_a_finding_starts_the_count_anew():
    progress = Progress()

    def searched(pattern: str) -> None:
        call = ToolCallPart("search", {"pattern": pattern}, "c")
        found = ToolFinished(step="s", call_id="c", tool="search", target="", ok=True, result="-", duration_ms=1)
        progress.answered([call], [found])

    for turn in range(4 * IDLE_LIMIT):
        searched("x" * turn if turn % IDLE_LIMIT == 0 else "")
        progress.require()
    for _ in range(IDLE_LIMIT):
        searched("")
    with pytest.raises(Idle):
        progress.require()


async def test_end_tells_each_attempt_with_what_it_changed_and_what_the_checks_said():
    said = ["I'll import it.\nThen more.", "Renaming the prop instead.", "Once more, with a cast."]

    def answers(turn: int) -> Say:
        page = ("write_file", {"path": "app/page.tsx", "content": f"export const a = {turn};\n"})
        return Say(said[turn], [page, ("finish", {"summary": "Done!"})])

    outcome, _, _ = await run(answers, rule=lambda _: failing("Cannot find name 'foo'."))
    assert outcome.failure
    assert outcome.failure.tried == [
        "I'll import it. (app/page.tsx): Cannot find name 'foo'.",
        "Renaming the prop instead. (app/page.tsx): Cannot find name 'foo'.",
        "Once more, with a cast. (app/page.tsx): Cannot find name 'foo'.",
    ]


def test_attempt_that_was_repeated_is_told_once():
    journal = [finished("Again."), checked(), finished("Again."), checked(), finished("Other."), checked()]
    entries = [Entry(seq=n, run_id="r", at=NOW, event=event) for n, event in enumerate(journal)]
    assert tried(entries) == ["Again.: oops (2 times)", "Other.: oops"]


def finished(text: str) -> ModelFinished:
    return ModelFinished(step="model:0", model="m", message={}, text=text, duration_ms=1)


def checked() -> CheckFinished:
    return CheckFinished(step="check:0", report=failing("oops"), duration_ms=1)


async def test_killed_anywhere_a_run_in_circles_ends_at_the_same_step_with_the_same_words():
    def answers(turn: int) -> Say:
        page = ("write_file", {"path": "app/page.tsx", "content": "ab"[turn % 2] + " = 1;\n"})
        return Say("Again.", [page, ("finish", {"summary": "."})])

    def rule(files):
        return failing("A") if b"a" in files["app/page.tsx"] else failing("B")

    whole, journal, _ = await run(answers, rule=rule)
    for lived in range(1, len(journal.entries), 3):
        first = MemoryJournal(a_run("a counter"))
        first.kill_after = lived
        effects = Effects()
        with pytest.raises(Killed):
            await run_agent(first, MemoryWorkspace(START, effects), RuleGate(rule), scripted(Scripted(answers)), PLENTY)
        again = first.reopened()
        workspace = MemoryWorkspace(again.tree(START), effects)
        outcome = await run_agent(again, workspace, RuleGate(rule), scripted(Scripted(answers)), PLENTY)
        assert outcome.failure == whole.failure
        assert [e.step for e in again.events(ModelFinished)] == [e.step for e in journal.events(ModelFinished)]


def entry(seq: int, second: float, event) -> Entry:
    return Entry(seq=seq, run_id="r1", at=NOW + timedelta(seconds=second), event=event)


def test_time_is_what_all_attempts_worked_without_what_lies_between_them():
    step = StepStarted(step="model:0", kind="model")
    worked = [
        entry(1, 100, RunClaimed(attempt=1)),
        entry(2, 130, step),
        entry(3, 160, step),
        entry(4, 5000, RunClaimed(attempt=2)),
        entry(5, 5010, step),
    ]
    assert 70 <= Clock(worked).worked_s < 80
    assert Clock([]).worked_s < 10


async def test_budget_of_time_counts_what_earlier_attempts_worked():
    worked = [entry(1, 0, RunClaimed(attempt=1)), entry(2, 601, StepStarted(step="model:0", kind="model"))]
    budget = Budget(None, 50, max_s=600)
    outcome, _, script = await run([Say("Hi.")], budget=budget, journal=MemoryJournal(a_run(), entries=worked))
    assert outcome.failure
    assert outcome.failure.code is FailureCode.BUDGET
    assert "10 minutes" in outcome.failure.message
    assert script.asked == []
    outcome, _, _ = await run([Say("Hi.")], budget=budget, journal=MemoryJournal(a_run(), entries=worked[:1]))
    assert outcome.succeeded


@pytest.mark.parametrize(("setting", "cap"), [(900, 900), (0, None)])
def test_an_installation_says_how_long_a_run_may_take(setting, cap):
    settings = Settings(CODEFLOW_RUN_MAX_S=setting)  # pyright: ignore[reportCallIssue]
    budget = Budget.for_run(settings, a_run())
    assert budget.max_s == cap
    budget.require(0, 0, 899)
    if cap:
        with pytest.raises(BudgetSpent):
            budget.require(0, 0, 900)
