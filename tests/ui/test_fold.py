"""The browser's fold and the server's are one: the same journal gives the same view."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.domain import (
    Attachment,
    Failure,
    FailureCode,
    FileChange,
    FileStatus,
    Finding,
    FollowUp,
    Hold,
    RunKind,
    RunStatus,
)
from backend.events import (
    CancelRequested,
    CheckFinished,
    Entry,
    Event,
    FollowUpsChanged,
    LogLines,
    ModelFinished,
    ModelRestarted,
    ModelSpent,
    ProjectTitled,
    ReviewFinished,
    RunClaimed,
    RunFinished,
    RunQueued,
    SandboxBooting,
    SandboxClosed,
    SandboxReady,
    StepStarted,
    ToolFinished,
    VersionCommitted,
)
from backend.views import MAX_LOG_LINES, ProjectView, fold
from backend.web.session import LOCAL_USER
from tests.ui.node import evaluate
from tests.ui.play import BROKEN, PASSED
from tests.ui.simulator import Simulator

FOLD = """return data.map((entries) => {
  const view = m.emptyView("p");
  entries.forEach((e) => m.fold(view, e));
  return view;
})"""


def folded(entries: list[Entry]) -> dict[str, Any]:
    view = ProjectView(id="p", title="")
    for entry in entries:
        fold(view, entry)
    return view.model_dump(mode="json")


def folded_in_browser(*journals: list[Entry]) -> list[dict[str, Any]]:
    return evaluate("fold.js", FOLD, [[e.model_dump(mode="json") for e in entries] for entries in journals])


async def test_whole_runs_fold_the_same_in_the_browser() -> None:
    sim = Simulator(preview_port=1, pace=0)
    for prompt in ("a kanban board", "accent", "stubborn", "hostile", "sleep"):
        started = await sim.start(LOCAL_USER, None, prompt, [])
        task = sim.project(started.project_id).task
        assert task
        await asyncio.wait_for(task, 20)
    journals = [project.entries for project in sim.projects.values()]
    assert folded_in_browser(*journals) == [folded(entries) for entries in journals]


def test_any_order_of_events_folds_the_same_in_the_browser() -> None:
    """Lost workers, repeats, results of steps never started, runs that are not there: nothing may set the two apart."""
    journals = [journal(random.Random(seed), 160) for seed in range(40)]
    assert folded_in_browser(*journals) == [folded(entries) for entries in journals]


def test_only_the_newest_log_lines_are_kept_in_both() -> None:
    entries = [
        entry(n, "r1", LogLines(source="dev", lines=[f"{n}.{i}" for i in range(400)]))
        for n in range(1, MAX_LOG_LINES // 400 + 3)
    ]
    [view] = folded_in_browser(entries)
    assert len(view["logs"]) == MAX_LOG_LINES
    assert view == folded(entries)


def test_a_message_sent_again_sets_aside_what_came_after_its_version_once_its_files_are_there_in_both() -> None:
    """As `backend.agent.history` tells it: r2 failed after version 1, r3 and r4 built upon it."""
    told: list[tuple[str, Event]] = [("r1", PROMPT), ("r1", version("v1")), ("r2", PROMPT), ("r3", PROMPT)]
    told += [("r3", version("v3")), ("r4", PROMPT)]
    again = [("r5", RunQueued(kind=RunKind.PROMPT, prompt="", restore_id="v1", resends="r3"))]
    based, undone = ("r5", step_done("base:0")), ("r5", step_done("undo:0"))
    twice = [("r6", PROMPT), ("r7", RunQueued(kind=RunKind.PROMPT, prompt="", restore_id="v1", resends="r5"))]
    later = [("r7", step_done("base:0")), ("r7", step_done("undo:0"))]
    plays: list[tuple[list[tuple[str, Event]], set[str]]] = [
        ([*told, *again], set()),
        ([*told, *again, ("r5", step_done("tool:0:0"))], set()),
        ([*told, *again, based], {"r2", "r3", "r4"}),
        ([*told, *again, based, undone], set()),
        ([*told, *again, based, *twice], {"r2", "r3", "r4"}),
        ([*told, *again, based, *twice, later[0]], {"r2", "r3", "r4", "r5", "r6"}),
        ([*told, *again, based, *twice, *later], {"r2", "r3", "r4"}),
    ]
    journals = [[entry(n, *event) for n, event in enumerate(play, 1)] for play, _ in plays]
    views = folded_in_browser(*journals)
    assert [{run["id"] for run in view["runs"] if run["set_aside"]} for view in views] == [aside for _, aside in plays]
    assert views == [folded(entries) for entries in journals]


PROMPT = RunQueued(kind=RunKind.PROMPT, prompt="")


def version(version_id: str) -> Event:
    return VersionCommitted(version_id=version_id, number=1, title="", verified=True, changes=[])


def step_done(step: str) -> Event:
    return ToolFinished(step=step, call_id=step, tool="restore", target="", ok=True, result="", duration_ms=1)


def entry(seq: int, run_id: str, event: Event) -> Entry:
    return Entry(seq=seq, run_id=run_id, at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seq), event=event)


def journal(rng: random.Random, length: int) -> list[Entry]:
    runs = ["r1", "r2", "r3"]
    entries = [entry(1, "r1", RunQueued(kind=RunKind.PROMPT, prompt="build"))]
    for _ in range(length):
        # A repeated or late number is ignored by both.
        seq = entries[-1].seq + rng.choice([1, 1, 1, 1, 0])
        entries.append(entry(seq, rng.choice(runs), event(rng)))
    return entries


def event(rng: random.Random) -> Event:
    step = rng.choice([f"{rng.choice(['model', 'tool', 'check'])}:{rng.randrange(4)}", "base:0", "undo:0"])
    changes = [change(rng) for _ in range(rng.randrange(3))]
    image = Attachment(name="a.png", media_type="image/png", sha256="0" * 64)
    events: list[Event] = [
        RunQueued(kind=rng.choice(list(RunKind)), prompt="${x} <b>", attachments=[image]),
        RunQueued(kind=RunKind.PROMPT, prompt="again", restore_id="v", resends=rng.choice(["r1", "r2", "r3", "gone"])),
        FollowUpsChanged(
            followups=[
                FollowUp(
                    id=f"f{n}", prompt="then", attachments=[image][:n], created_at=datetime(2026, 1, 1, tzinfo=UTC)
                )
                for n in range(rng.randrange(3))
            ],
            held=rng.choice([None, *Hold]),
        ),
        RunClaimed(attempt=rng.randrange(1, 4)),
        SandboxBooting(reason="lost"),
        SandboxReady(sandbox_id="s", preview_url="http://3000-s.localhost:1/", duration_ms=3),
        SandboxClosed(reason="expired"),
        StepStarted(step=step, kind=rng.choice(["model", "tool", "check"]), tool="run_command", target="ls"),
        ModelFinished(
            step=step,
            model="m",
            message={"a": 1},
            text="hi",
            thinking="hm",
            input_tokens=rng.randrange(99),
            cached_tokens=rng.randrange(9),
            output_tokens=rng.randrange(99),
            estimated=rng.random() < 0.1,
            cost_micros=rng.randrange(99),
            duration_ms=1,
        ),
        ModelRestarted(step=step, model="m", reason="rate limit"),
        ModelSpent(model="m", purpose="title", input_tokens=9, output_tokens=9, cost_micros=rng.randrange(99)),
        ToolFinished(
            step=step,
            call_id="c",
            tool="write_file",
            target="a",
            ok=rng.random() < 0.7,
            result="ok",
            changes=changes,
            output="out",
            exit_code=rng.choice([None, 0, 2]),
            duration_ms=5,
        ),
        CheckFinished(step=step, report=rng.choice([PASSED, BROKEN]), duration_ms=9),
        ReviewFinished(
            step=f"review:{rng.randrange(2)}",
            model="m",
            findings=[Finding(screen="phone", problem="too wide", repair="wrap")][: rng.randrange(2)],
            input_tokens=rng.randrange(99),
            cost_micros=rng.randrange(99),
            duration_ms=4,
        ),
        ProjectTitled(title=f"Title {rng.randrange(9)}"),
        LogLines(source="dev", lines=["a", "", "\u001b[31mb"]),
        VersionCommitted(
            version_id="v",
            number=1,
            title="t",
            verified=True,
            changes=changes,
            screenshot_sha256=rng.choice([None, "f" * 64]),
        ),
        CancelRequested(undo=rng.random() < 0.5),
        RunFinished(
            status=rng.choice([RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]),  # type: ignore[arg-type]
            verified=True,
            failure=rng.choice([None, Failure(code=FailureCode.MODEL, message="m", action="a")]),
            duration_s=1.5,
            cost_micros=7,
        ),
    ]
    return rng.choice(events)


def change(rng: random.Random) -> FileChange:
    return FileChange(
        path=rng.choice(["app/page.tsx", "lib/a.ts", "b.css"]),
        status=rng.choice(list(FileStatus)),
        added=1,
        removed=0,
        diff="@@ -0,0 +1 @@\n+x\n",
        sha256=None,
    )
