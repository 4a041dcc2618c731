"""What a page shows of a project, folded from its journal.

`ui/static/fold.js` applies the same events in the browser; a test holds the two folds together.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from backend.domain import (
    Attachment,
    CheckReport,
    Failure,
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
    StepKind,
    StepStarted,
    ToolFinished,
    VersionCommitted,
)


class StepView(BaseModel):
    key: str
    kind: StepKind
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
    findings: list[Finding] = []
    model: str = ""
    """Which model answered."""
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
    """An earlier prompt, sent again, has put the files back to before this run: agents are no longer told of it."""
    steps: list[StepView] = []
    verified: bool = False
    failure: Failure | None = None
    version_id: str | None = None
    duration_s: float | None = None
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    estimated: bool = False
    """Whether some of it is a guess, for providers that reported nothing."""
    sandbox_s: float = 0


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


def _set_aside(view: ProjectView) -> None:
    """All runs but those that led to where the files now are: what `backend.agent.history` tells, and what not."""
    made_by = {version.id: version.run_id for version in view.versions}
    line: list[str] = []
    lines: dict[str, list[str]] = {}
    for run in view.runs:
        done = {step.key for step in run.steps if step.state != "running"}
        if run.resends and "base:0" in done and "undo:0" not in done:
            line = lines.get(made_by.get(run.restore_id or "", ""), [])
        line = lines[run.id] = [*line, run.id]
    for run in view.runs:
        run.set_aside = run.id not in line


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
            step.text, step.thinking, step.model = event.text, event.thinking, event.model
            _spend(run, event)
        case ModelRestarted():
            step = _step(run, event.step, "model", entry.at)
            step.text = step.thinking = ""
            step.note = event.reason
        case ModelSpent():
            _spend(run, event)
        case ToolFinished():
            step = _step(run, event.step, "tool", entry.at)
            step.state, step.duration_ms = "done" if event.ok else "failed", event.duration_ms
            step.tool, step.target, step.result = event.tool, event.target, event.result
            step.changes, step.output, step.exit_code = event.changes, event.output, event.exit_code
            if event.changes and not any(s.changes for s in run.steps if s is not step):
                view.touched = {}
            for change in event.changes:
                view.touched[change.path] = _touch(view.touched.get(change.path), change.status)
            if run.resends and event.step in ("base:0", "undo:0"):
                _set_aside(view)
        case CheckFinished():
            step = _step(run, event.step, "check", entry.at)
            step.state, step.duration_ms = "done" if event.report.passed else "failed", event.duration_ms
            step.report = event.report
        case ReviewFinished():
            step = _step(run, event.step, "review", entry.at)
            step.state, step.duration_ms = "done", event.duration_ms
            step.findings, step.model = event.findings, event.model
            _spend(run, event)
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
            run.sandbox_s = event.sandbox_s
            for step in run.steps:
                if step.state == "running":
                    step.state = "stopped"


def _spend(run: RunView, event: ModelFinished | ModelSpent | ReviewFinished) -> None:
    run.input_tokens += event.input_tokens
    run.cached_tokens += event.cached_tokens
    run.output_tokens += event.output_tokens
    run.cost_micros += event.cost_micros
    run.estimated = run.estimated or event.estimated


def _step(run: RunView, key: str, kind: StepKind, at: datetime) -> StepView:
    for step in reversed(run.steps):
        if step.key == key:
            return step
    step = StepView(key=key, kind=kind, state="running", started_at=at)
    run.steps.append(step)
    return step


def _touch(before: FileStatus | None, now: FileStatus) -> FileStatus:
    """A file added and then edited in one run was added."""
    return FileStatus.ADDED if before is FileStatus.ADDED and now is FileStatus.MODIFIED else now
