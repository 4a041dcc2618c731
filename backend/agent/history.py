"""The message history a run opens with: earlier runs told briefly, then the project as it stands, then what the
person asks now.

Everything comes from the journal, so an attempt that resumes builds the same messages as the one that was lost.
Earlier runs are told in a form that never changes again, so that a provider's cache keeps them. Of runs that a prompt
sent again has set aside, nothing is told: its files never saw them.
"""

from collections.abc import Mapping, Sequence

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    UserContent,
    UserPromptPart,
)

from backend.agent.journal import BASE_STEP, UNDO_STEP, Journal
from backend.agent.remembering import briefly
from backend.agent.roles import Role
from backend.domain import ASKING, FileChange, FileStatus, RunKind, RunStatus
from backend.events import (
    CheckFinished,
    Entry,
    Event,
    ModelFinished,
    RunFinished,
    RunQueued,
    ToolFinished,
    VersionCommitted,
)

MAX_TOLD_RUNS = 20
_FORGET_AT_ONCE = 10
_MAX_SAID_CHARS = 3_000
_MAX_PROBLEMS_CHARS = 2_000
TAKEN_BACK = "The person stopped the work and took back what it had changed: the files are as they were before it."

Told = Sequence[Event]
"""What one run journaled."""


async def opening(journal: Journal, role: Role, project: str) -> list[ModelMessage]:
    """The messages before the run's first answer. `project`: the map of the project as the run found it."""
    run = journal.run
    again = run.restore_id if run.kind is RunKind.PROMPT else None
    messages, note = _told(_line(journal.past, again))
    context = ModelRequest(parts=[*note, UserPromptPart(project)])
    asked = ModelRequest(parts=[UserPromptPart(await _asked(journal))], instructions=role.instructions)
    return [*messages, context, asked]


def paths_at_start(files: Mapping[str, bytes], entries: Sequence[Entry]) -> list[str]:
    """The project's paths before this run's agent changed any, from the paths as they now are."""
    paths = set(files)
    for entry in reversed(entries):
        if isinstance(entry.event, ToolFinished) and entry.event.step != BASE_STEP:
            for change in reversed(entry.event.changes):
                if change.status is FileStatus.ADDED:
                    paths.discard(change.path)
                elif change.status is FileStatus.DELETED:
                    paths.add(change.path)
    return sorted(paths)


async def _asked(journal: Journal) -> str | list[UserContent]:
    run = journal.run
    if not run.attachments:
        return run.prompt
    images = [BinaryContent(await journal.blob(a.sha256), media_type=a.media_type) for a in run.attachments]
    return [run.prompt, *images]


def _line(past: Sequence[Entry], starts_from: str | None) -> list[Told]:
    """The earlier runs that led to where this one starts, oldest first: versions form a tree, and this is one branch.

    `starts_from` is the version an earlier prompt is sent again at; None: where the newest run left off.
    """
    by_run: dict[str, list[Event]] = {}
    for entry in past:
        by_run.setdefault(entry.run_id, []).append(entry.event)
    before: dict[str, str | None] = {}
    made: dict[str, str] = {}
    tip: str | None = None
    for run_id, events in by_run.items():
        if version_id := _branched_off(events):
            tip = made.get(version_id)
        before[run_id], tip = tip, run_id
        made |= {event.version_id: run_id for event in events if isinstance(event, VersionCommitted)}
    if starts_from:
        tip = made.get(starts_from)
    line: list[Told] = []
    while tip:
        line.append(by_run[tip])
        tip = before[tip]
    return line[::-1]


def _branched_off(events: Told) -> str | None:
    """The version whose files the run, a prompt sent again, has left the project with or built upon."""
    queued = _queued(events)
    steps = {event.step for event in events if isinstance(event, ToolFinished)}
    return queued.restore_id if queued and BASE_STEP in steps and UNDO_STEP not in steps else None


def _told(line: Sequence[Told]) -> tuple[list[ModelMessage], list[UserPromptPart]]:
    """Earlier runs as messages, and what happened after the last answer as a note for the next question."""
    runs = [events for events in line if (queued := _queued(events)) and queued.kind is not RunKind.WAKE]
    long_ago = max(0, -(-(len(runs) - MAX_TOLD_RUNS) // _FORGET_AT_ONCE) * _FORGET_AT_ONCE)
    messages: list[ModelMessage] = []
    note = [UserPromptPart(briefly(runs[:long_ago]))] if long_ago else []
    runs = runs[long_ago:]
    for events in runs:
        queued = _queued(events)
        assert queued is not None
        if queued.kind in ASKING:
            if note:
                messages.append(ModelRequest(parts=note))
            messages.append(ModelRequest(parts=[UserPromptPart(_question(queued))]))
            messages.append(ModelResponse(parts=[TextPart(_said(events))]))
            note = []
        note.append(UserPromptPart(_since(queued, events)))
    return messages, note


def _queued(events: Told) -> RunQueued | None:
    return next((event for event in events if isinstance(event, RunQueued)), None)


def _question(queued: RunQueued) -> str:
    images = "".join(f"\n(attached image: {attachment.name})" for attachment in queued.attachments)
    return queued.prompt + images


def _said(events: Told) -> str:
    said = []
    for event in events:
        if isinstance(event, ModelFinished) and event.text.strip():
            said.append(event.text.strip())
        elif isinstance(event, ToolFinished) and event.tool == "finish" and event.ok:
            said.append(event.target)
    text = "\n\n".join(said)
    return (text if len(text) <= _MAX_SAID_CHARS else "…" + text[-_MAX_SAID_CHARS:]) or "(no words)"


def _since(queued: RunQueued, events: Told) -> str:
    """What a run did to the project, told as a fact and not in the model's own voice, so that it is not taken for a
    way to act.
    """
    changes: dict[str, FileChange] = {}
    outcome = ""
    problems = ""
    taken_back = False
    for event in events:
        if isinstance(event, ToolFinished) and event.step in (BASE_STEP, UNDO_STEP):
            changes.clear()
            taken_back = event.step == UNDO_STEP
        elif isinstance(event, ToolFinished | VersionCommitted):
            changes.update({change.path: change for change in event.changes})
        elif isinstance(event, CheckFinished):
            problems = "" if event.report.passed else event.report.as_text()[:_MAX_PROBLEMS_CHARS]
        elif isinstance(event, RunFinished):
            outcome = TAKEN_BACK if taken_back else _ending(event)
    who = {RunKind.EDIT: "The person changed files by hand", RunKind.RESTORE: f"The person went back: {queued.prompt}"}
    lines = [who.get(queued.kind, "You changed files" if changes else "No files changed") + "."]
    lines += [f"{change.status} {path}" for path, change in sorted(changes.items())]
    lines += [line for line in (outcome, problems) if line]
    return "\n".join(["<since>", *lines, "</since>"])


def _ending(finished: RunFinished) -> str:
    match finished.status:
        case RunStatus.SUCCEEDED:
            return "The checks passed." if finished.verified else ""
        case RunStatus.CANCELLED:
            return "The person stopped the work before it was done."
        case _:
            failure = finished.failure
            tried = [f"Tried: {attempt}" for attempt in failure.tried] if failure else []
            return "\n".join([f"The work failed: {failure.message}" if failure else "The work failed.", *tried])
