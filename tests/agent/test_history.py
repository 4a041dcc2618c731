"""What a run's model is told of the runs before it."""

from datetime import timedelta

from pydantic_ai.messages import ModelRequest, ModelResponse

from backend.agent.history import opening, paths_at_start
from backend.agent.journal import BASE_STEP, UNDO_STEP
from backend.agent.roles import CODER
from backend.domain import Attachment, Failure, FailureCode, FileChange, FileStatus, RunKind, RunStatus
from backend.events import Entry, Event, ModelFinished, RunFinished, RunQueued, ToolFinished, VersionCommitted
from tests.agent.doubles import NOW, MemoryJournal, a_run
from tests.agent.scripts import prompts, told


def change(path: str, status: FileStatus = FileStatus.MODIFIED) -> FileChange:
    return FileChange(path=path, status=status, added=3, removed=1, diff="+a secret line of a diff", sha256="ab")


def wrote(*changes: FileChange, tool: str = "write_file", target: str = "") -> ToolFinished:
    return ToolFinished(
        step="tool:0:0",
        call_id="c",
        tool=tool,
        target=target,
        ok=True,
        result="ok",
        changes=list(changes),
        duration_ms=1,
    )


def said(text: str) -> ModelFinished:
    return ModelFinished(step="model:0", model="m", message={}, text=text, duration_ms=1)


def ended(status: RunStatus = RunStatus.SUCCEEDED, failure: Failure | None = None) -> RunFinished:
    return RunFinished.model_validate(
        {
            "status": status,
            "verified": status is RunStatus.SUCCEEDED,
            "failure": failure,
            "duration_s": 1,
            "cost_micros": 0,
        }
    )


def a_past(*runs: list[Event]) -> list[Entry]:
    flat = [(f"old{number}", event) for number, events in enumerate(runs) for event in events]
    return [
        Entry(seq=i, run_id=run, at=NOW + timedelta(seconds=i), event=event) for i, (run, event) in enumerate(flat, 1)
    ]


def asked(prompt: str, kind: RunKind = RunKind.PROMPT) -> RunQueued:
    return RunQueued(kind=kind, prompt=prompt)


BUILT = [
    asked("a kanban board"),
    said("I'll build a board."),
    wrote(change("app/page.tsx")),
    wrote(tool="finish", target="A board."),
    ended(),
]


async def test_earlier_run_is_told_by_what_was_asked_said_and_changed_without_its_code():
    messages = await opening(MemoryJournal(a_run("make it green"), a_past(BUILT)), CODER, "")
    text = told(messages)
    assert prompts(messages)[0] == "a kanban board"
    assert prompts(messages)[-1] == "make it green"
    assert "I'll build a board." in text
    assert "A board." in text
    assert "M app/page.tsx" in text
    assert "The checks passed." in text
    assert "secret line" not in text


async def test_hand_made_changes_and_failures_are_told_as_facts():
    failure = Failure(code=FailureCode.CHECKS, message="Types are broken.", action="-", tried=["A cast: no."])
    past = a_past(
        BUILT,
        [
            asked("Edited by hand", RunKind.EDIT),
            VersionCommitted(version_id="v", number=2, title="t", verified=True, changes=[change("lib/site.ts")]),
            ended(),
        ],
        [asked("Back to version 1", RunKind.RESTORE), ended()],
        [asked("", RunKind.WAKE), ended()],
        [asked("add a chart"), ended(RunStatus.FAILED, failure)],
        [asked("never mind"), ended(RunStatus.CANCELLED)],
    )
    text = told(await opening(MemoryJournal(a_run("now?"), past), CODER, ""))
    for fact in (
        "changed files by hand",
        "M lib/site.ts",
        "Back to version 1",
        "The work failed: Types are broken.\nTried: A cast: no.",
        "The person stopped the work",
    ):
        assert fact in text


async def test_what_was_told_once_is_told_the_same_ever_after_so_that_caches_hold():
    runs = [[asked(f"change {n}"), said(f"Did {n}."), ended()] for n in range(60)]
    shorter = await opening(MemoryJournal(a_run("x"), a_past(*runs[:12])), CODER, "")
    longer = await opening(MemoryJournal(a_run("y"), a_past(*runs[:13])), CODER, "the map")
    stable = [told([message]) for message in shorter[:-2]]
    assert [told([message]) for message in longer[: len(stable)]] == stable
    many = [
        len(
            [
                m
                for m in await opening(MemoryJournal(a_run("z"), a_past(*runs[:n])), CODER, "")
                if isinstance(m, ModelResponse)
            ]
        )
        for n in range(60)
    ]
    assert max(many) == 20
    earlier = {
        prompts(await opening(MemoryJournal(a_run("z"), a_past(*runs[:n])), CODER, ""))[0] for n in range(41, 51)
    }
    assert len(earlier) == 1, "the oldest runs are shortened ten at a time"
    (lines,) = earlier
    assert "- change 0 → Did 0." in lines
    assert "change 29 → Did 29." in lines


async def test_the_map_stands_before_the_question():
    (context, question) = await opening(MemoryJournal(a_run("hi")), CODER, "<project>")
    assert told([context]) == "<project>"
    assert isinstance(question, ModelRequest)
    assert question.instructions
    assert prompts([question]) == ["hi"]


async def test_images_of_the_question_are_shown_and_those_of_earlier_ones_named():
    image = Attachment(name="sketch.png", media_type="image/png", sha256="ab")
    past = a_past([RunQueued(kind=RunKind.PROMPT, prompt="like this", attachments=[image]), said("Yes."), ended()])
    journal = MemoryJournal(a_run("and this", attachments=[image]), past, blobs={"ab": b"png"})
    messages = await opening(journal, CODER, "")
    assert "(attached image: sketch.png)" in prompts(messages)[0]
    text, shown = prompts(messages)[-1]
    assert text == "and this"
    assert shown.data == b"png"


def committed(version_id: str, number: int) -> VersionCommitted:
    return VersionCommitted(version_id=version_id, number=number, title="t", verified=True, changes=[])


def step(key: str, *changes: FileChange) -> ToolFinished:
    return wrote(*changes).model_copy(update={"step": key})


def again(prompt: str, resends: str, version_id: str) -> list[Event]:
    """A prompt sent again, as far as its files were given back to it."""
    queued = RunQueued(kind=RunKind.PROMPT, prompt=prompt, restore_id=version_id, resends=resends)
    return [queued, step(BASE_STEP, change("lib/given-back.ts", FileStatus.DELETED))]


TREE = [
    [asked("a board"), committed("v1", 1), ended()],
    [asked("add a chart"), ended(RunStatus.FAILED)],
    [asked("make it red"), committed("v2", 2), ended()],
    [asked("and round"), committed("v3", 3), ended()],
]


async def test_a_prompt_sent_again_hears_of_nothing_that_came_after_the_version_it_starts_from():
    run = a_run("make it blue", restore_id="v1", resends="old2")
    assert prompts(await opening(MemoryJournal(run, a_past(*TREE)), CODER, ""))[:-2:2] == ["a board"]
    first = a_run("a shop", restore_id="v0", resends="old0")
    assert prompts(await opening(MemoryJournal(first, a_past(*TREE)), CODER, ""))[1:] == ["a shop"]


async def test_runs_after_one_that_was_sent_again_hear_of_its_branch_alone():
    past = a_past(
        *TREE,
        [*again("make it blue", "old2", "v1"), wrote(change("app/blue.tsx")), committed("v4", 4), ended()],
        [asked("and square"), committed("v5", 5), ended()],
    )
    text = told(await opening(MemoryJournal(a_run("now?"), past), CODER, ""))
    for heard in ("a board", "make it blue", "M app/blue.tsx", "and square"):
        assert heard in text
    for aside in ("add a chart", "make it red", "and round", "lib/given-back.ts"):
        assert aside not in text
    aside_again = a_run("rounder", restore_id="v2", resends="old3")
    text = told(await opening(MemoryJournal(aside_again, past), CODER, ""))
    assert "make it red" in text, "a branch that was set aside can be taken up again"
    assert "make it blue" not in text


async def test_one_sent_again_that_was_stopped_before_it_had_its_files_or_gave_them_back_set_nothing_aside():
    never = [RunQueued(kind=RunKind.PROMPT, prompt="blue", restore_id="v1", resends="old2"), ended(RunStatus.CANCELLED)]
    undone = [*again("blue", "old2", "v1"), step(UNDO_STEP), ended(RunStatus.CANCELLED)]
    for stopped in (never, undone):
        text = told(await opening(MemoryJournal(a_run("now?"), a_past(*TREE, stopped)), CODER, ""))
        assert "make it red" in text
        assert "and round" in text


async def test_what_was_taken_back_is_told_as_such_and_not_as_changes():
    stopped = [
        asked("add a chart"),
        wrote(change("app/chart.tsx", FileStatus.ADDED)),
        step(UNDO_STEP, change("app/chart.tsx", FileStatus.DELETED)),
        ended(RunStatus.CANCELLED),
    ]
    text = told(await opening(MemoryJournal(a_run("now?"), a_past(BUILT, stopped)), CODER, ""))
    assert "took back what it had changed" in text
    assert "app/chart.tsx" not in text


async def test_the_files_a_prompt_sent_again_starts_from_are_those_it_was_given():
    journal = MemoryJournal(a_run("blue", restore_id="v1"))
    await journal.append(step(BASE_STEP, change("old.ts", FileStatus.ADDED), change("new.ts", FileStatus.DELETED)))
    await journal.append(wrote(change("own.ts", FileStatus.ADDED)))
    assert paths_at_start({"old.ts": b"", "own.ts": b""}, journal.entries) == ["old.ts"]
