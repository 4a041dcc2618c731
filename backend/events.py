"""The facts in a project's journal, and how a page is folded from them.

Events are append-only and ordered by `seq`, gap-free within a *project*, so one cursor serves a page that shows many runs.
A *frame* is a disposable piece of a step being streamed: it may be lost, repeated or skipped; the finished step's event replaces it.
`ui/static/fold.js` applies the same events in the browser; a test holds the two folds together.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from backend.domain import (
    Attachment,
    CheckReport,
    Failure,
    FileChange,
    FileStatus,
    FollowUp,
    Hold,
    RunKind,
    RunStatus,
)


class Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunQueued(Fact):
    type: Literal["run.queued"] = "run.queued"
    kind: RunKind
    prompt: str
    attachments: list[Attachment] = []
    restore_id: str | None = None
    """The version the run goes back to, or starts from."""
    resends: str | None = None
    """The run whose prompt was changed and sent again as this one: what came after it is set aside."""


class FollowUpsChanged(Fact):
    """All prompts that wait for the run under way, in their order. Journaled under the project's newest run."""

    type: Literal["followups.changed"] = "followups.changed"
    followups: list[FollowUp]
    held: Hold | None = None
    """Set while they wait for the person, not for a run."""


class RunClaimed(Fact):
    """A worker took the run; `attempt` above 1 means an earlier worker was lost and this one goes on."""

    type: Literal["run.claimed"] = "run.claimed"
    attempt: int


class SandboxBooting(Fact):
    type: Literal["sandbox.booting"] = "sandbox.booting"
    reason: Literal["new", "lost"] = "new"


class SandboxReady(Fact):
    """The project's files are in the sandbox and its dev server answers."""

    type: Literal["sandbox.ready"] = "sandbox.ready"
    sandbox_id: str
    preview_url: str
    duration_ms: int


class SandboxClosed(Fact):
    """The sandbox is gone (expired, killed); the preview needs a `wake` run."""

    type: Literal["sandbox.closed"] = "sandbox.closed"
    reason: str


class StepStarted(Fact):
    type: Literal["step.started"] = "step.started"
    step: str
    """The step's key, unique in its run: `model:0`, `tool:0:1`, `check:0`."""
    kind: Literal["model", "tool", "check"]
    tool: str | None = None
    target: str = ""
    """What it acts on, for a person: a path, a command."""


class ModelFinished(Fact):
    """One model call's whole answer."""

    type: Literal["model.finished"] = "model.finished"
    step: str
    model: str
    message: dict[str, Any]
    """The answer as pydantic-ai serialises a `ModelResponse`; the loop resumes from it."""
    text: str
    """What it said to the person, Markdown; may be empty."""
    thinking: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    duration_ms: int


class ModelRestarted(Fact):
    """The answer broke off (rate limit, network) and was asked again, possibly of another model."""

    type: Literal["model.restarted"] = "model.restarted"
    step: str
    model: str
    reason: str


class ModelSpent(Fact):
    """What the provider reports for an answer that is in no other event: one that broke off, a title."""

    type: Literal["model.spent"] = "model.spent"
    model: str
    purpose: Literal["broken_off", "title"]
    input_tokens: int
    output_tokens: int
    cost_micros: int


class ToolFinished(Fact):
    type: Literal["tool.finished"] = "tool.finished"
    step: str
    call_id: str
    tool: str
    target: str
    ok: bool
    result: str
    """What the model is told, verbatim."""
    changes: list[FileChange] = []
    output: str = ""
    """A command's output for a person, bounded; empty for other tools."""
    exit_code: int | None = None
    duration_ms: int


class CheckFinished(Fact):
    type: Literal["check.finished"] = "check.finished"
    step: str
    report: CheckReport
    duration_ms: int


class ProjectTitled(Fact):
    type: Literal["project.titled"] = "project.titled"
    title: str


class LogLines(Fact):
    """What the dev server or a command printed. Bounded per run."""

    type: Literal["log.lines"] = "log.lines"
    source: Literal["dev", "command", "codeflow"]
    lines: list[str]


class VersionCommitted(Fact):
    type: Literal["version.committed"] = "version.committed"
    version_id: str
    number: int
    title: str
    verified: bool
    changes: list[FileChange]
    """Against its parent."""
    screenshot_sha256: str | None = None


class CancelRequested(Fact):
    type: Literal["run.cancel_requested"] = "run.cancel_requested"
    undo: bool = False
    """What the run wrote is to be taken back."""


class RunFinished(Fact):
    type: Literal["run.finished"] = "run.finished"
    status: Literal[RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]
    verified: bool
    """Whether the project's files, as they now are, passed the checks in this run."""
    failure: Failure | None = None
    version_id: str | None = None
    duration_s: float
    cost_micros: int


Event = Annotated[
    RunQueued
    | FollowUpsChanged
    | RunClaimed
    | SandboxBooting
    | SandboxReady
    | SandboxClosed
    | StepStarted
    | ModelFinished
    | ModelRestarted
    | ModelSpent
    | ToolFinished
    | CheckFinished
    | ProjectTitled
    | LogLines
    | VersionCommitted
    | CancelRequested
    | RunFinished,
    Field(discriminator="type"),
]
event_adapter: TypeAdapter[Event] = TypeAdapter(Event)


class Entry(BaseModel):
    """An event in its place in the journal. On the wire: `{"seq", "run_id", "at", "event": {"type", …}}`."""

    model_config = ConfigDict(frozen=True)
    seq: int
    run_id: str
    at: datetime
    event: Event


def spent_micros(entries: Iterable[Entry]) -> int:
    """Spent on models, in millionths of a US dollar."""
    return sum(e.event.cost_micros for e in entries if isinstance(e.event, ModelFinished | ModelSpent))


class Delta(BaseModel):
    """A piece of a step. For a model step, `part` numbers the answer's parts in order."""

    model_config = ConfigDict(frozen=True)
    part: int
    kind: Literal["text", "thinking", "tool", "output"]
    """`tool`: a piece of the JSON arguments of the tool call named by `tool`; `output`: a piece of a command's output."""
    tool: str | None = None
    text: str


class Frame(BaseModel):
    """On the wire: `{"run_id", "step", "n", "deltas": [...]}`; `n` grows within a run."""

    model_config = ConfigDict(frozen=True)
    run_id: str
    step: str
    n: int
    deltas: list[Delta]


class StepView(BaseModel):
    key: str
    kind: Literal["model", "tool", "check"]
    state: Literal["running", "done", "failed", "stopped"]
    started_at: datetime
    tool: str | None = None
    target: str = ""
    text: str = ""
    thinking: str = ""
    changes: list[FileChange] = []
    output: str = ""
    exit_code: int | None = None
    result: str = ""
    report: CheckReport | None = None
    duration_ms: int | None = None
    note: str = ""
    """A restart's reason."""


class RunView(BaseModel):
    id: str
    kind: RunKind
    prompt: str
    attachments: list[Attachment] = []
    status: RunStatus
    attempt: int = 0
    queued_at: datetime
    finished_at: datetime | None = None
    cancelling: bool = False
    restore_id: str | None = None
    resends: str | None = None
    set_aside: bool = False
    """An earlier prompt was sent again since: agents are no longer told of this run."""
    steps: list[StepView] = []
    verified: bool = False
    failure: Failure | None = None
    version_id: str | None = None
    duration_s: float | None = None
    cost_micros: int = 0


class VersionView(BaseModel):
    id: str
    number: int
    run_id: str
    title: str
    verified: bool
    changes: list[FileChange]
    at: datetime
    screenshot_sha256: str | None = None


class PreviewView(BaseModel):
    state: Literal["off", "booting", "ready"] = "off"
    url: str | None = None


class LogView(BaseModel):
    at: datetime
    source: str
    line: str


class ProjectView(BaseModel):
    """Everything a page shows of one project, but for the files' contents."""

    id: str
    title: str
    seq: int = 0
    runs: list[RunView] = []
    versions: list[VersionView] = []
    preview: PreviewView = PreviewView()
    touched: dict[str, FileStatus] = {}
    """What the newest run that changed files did to them: the tree's badges."""
    followups: list[FollowUp] = []
    held: Hold | None = None
    logs: list[LogView] = []
    """The newest `MAX_LOG_LINES`."""


MAX_LOG_LINES = 1500


def fold(view: ProjectView, entry: Entry) -> None:
    """Apply one entry to `view`, in place. Entries at or before `view.seq` are ignored, so a repeat does no harm."""
    if entry.seq <= view.seq:
        return
    view.seq = entry.seq
    event = entry.event
    if isinstance(event, RunQueued):
        _set_aside(view, event.resends)
        view.runs.append(
            RunView(
                id=entry.run_id,
                kind=event.kind,
                prompt=event.prompt,
                attachments=event.attachments,
                restore_id=event.restore_id,
                resends=event.resends,
                status=RunStatus.QUEUED,
                queued_at=entry.at,
            )
        )
        return
    run = next((r for r in reversed(view.runs) if r.id == entry.run_id), None)
    match event:
        case ProjectTitled():
            view.title = event.title
        case FollowUpsChanged():
            view.followups = event.followups
            view.held = event.held
        case SandboxBooting():
            view.preview = PreviewView(state="booting")
        case SandboxReady():
            view.preview = PreviewView(state="ready", url=event.preview_url)
        case SandboxClosed():
            view.preview = PreviewView()
        case LogLines():
            view.logs += [LogView(at=entry.at, source=event.source, line=line) for line in event.lines]
            del view.logs[:-MAX_LOG_LINES]
        case _:
            if run:
                _fold_run(view, run, entry)


def _set_aside(view: ProjectView, resent: str | None) -> None:
    """The run that is sent again, and all after it."""
    for at, run in enumerate(view.runs):
        if run.id == resent:
            for later in view.runs[at:]:
                later.set_aside = True
            return


def _fold_run(view: ProjectView, run: RunView, entry: Entry) -> None:
    event = entry.event
    match event:
        case RunClaimed():
            run.status, run.attempt = RunStatus.RUNNING, event.attempt
            # A step begun by a lost worker is begun again under the same key.
            run.steps = [s for s in run.steps if s.state != "running"]
        case StepStarted():
            run.steps = [s for s in run.steps if s.key != event.step]
            run.steps.append(
                StepView(
                    key=event.step,
                    kind=event.kind,
                    state="running",
                    started_at=entry.at,
                    tool=event.tool,
                    target=event.target,
                )
            )
        case ModelFinished():
            step = _step(run, event.step, "model", entry.at)
            step.state, step.duration_ms = "done", event.duration_ms
            step.text, step.thinking = event.text, event.thinking
            run.cost_micros += event.cost_micros
        case ModelRestarted():
            step = _step(run, event.step, "model", entry.at)
            step.text = step.thinking = ""
            step.note = event.reason
        case ModelSpent():
            run.cost_micros += event.cost_micros
        case ToolFinished():
            step = _step(run, event.step, "tool", entry.at)
            step.state, step.duration_ms = "done" if event.ok else "failed", event.duration_ms
            step.tool, step.target, step.result = event.tool, event.target, event.result
            step.changes, step.output, step.exit_code = event.changes, event.output, event.exit_code
            if event.changes and not any(s.changes for s in run.steps if s is not step):
                view.touched = {}
            for change in event.changes:
                view.touched[change.path] = _touch(view.touched.get(change.path), change.status)
        case CheckFinished():
            step = _step(run, event.step, "check", entry.at)
            step.state, step.duration_ms = "done" if event.report.passed else "failed", event.duration_ms
            step.report = event.report
        case CancelRequested():
            run.cancelling = True
        case VersionCommitted():
            view.versions.append(
                VersionView(
                    id=event.version_id,
                    number=event.number,
                    run_id=run.id,
                    title=event.title,
                    verified=event.verified,
                    changes=event.changes,
                    at=entry.at,
                    screenshot_sha256=event.screenshot_sha256,
                )
            )
            view.touched = {c.path: c.status for c in event.changes}
        case RunFinished():
            run.status, run.finished_at, run.cancelling = event.status, entry.at, False
            run.verified, run.failure, run.version_id = event.verified, event.failure, event.version_id
            run.duration_s, run.cost_micros = event.duration_s, event.cost_micros
            for step in run.steps:
                if step.state == "running":
                    step.state = "stopped"


def _step(run: RunView, key: str, kind: Literal["model", "tool", "check"], at: datetime) -> StepView:
    for step in reversed(run.steps):
        if step.key == key:
            return step
    step = StepView(key=key, kind=kind, state="running", started_at=at)
    run.steps.append(step)
    return step


def _touch(before: FileStatus | None, now: FileStatus) -> FileStatus:
    """A file added and then edited in one run was added."""
    return FileStatus.ADDED if before is FileStatus.ADDED and now is FileStatus.MODIFIED else now
