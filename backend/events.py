"""The facts in a project's journal.

Events are append-only and ordered by `seq`, gap-free within a *project*, so one cursor serves a page that shows many runs.
A *frame* is a disposable piece of a step being streamed: it may be lost, repeated or skipped; the finished step's event replaces it.
`backend.views` and `ui/static/fold.js` fold them into what a page shows.
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
    Finding,
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
    """The run whose prompt was changed and sent again as this one, from `restore_id`: what came after that is set aside."""


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


class ProjectMapped(Fact):
    """What the agents are told of the project as the run found it: its routes, files and lasting instructions."""

    type: Literal["project.mapped"] = "project.mapped"
    text: str


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


StepKind = Literal["model", "tool", "check", "review"]


class StepStarted(Fact):
    type: Literal["step.started"] = "step.started"
    step: str
    """The step's key, unique in its run: `model:0`, `tool:0:1`, `check:0`, `review:0`."""
    kind: StepKind
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
    cached_tokens: int = 0
    """Of the input tokens, those the provider had in its prompt cache."""
    output_tokens: int = 0
    cost_micros: int = 0
    estimated: bool = False
    """The provider did not report the tokens: they are guessed from the lengths."""
    duration_ms: int


class ModelRestarted(Fact):
    """The answer broke off (rate limit, network) and was asked again, possibly of another model."""

    type: Literal["model.restarted"] = "model.restarted"
    step: str
    model: str
    reason: str


class ModelSpent(Fact):
    """What the provider reports for an answer that is in no other event: one that broke off or was stopped, a title."""

    type: Literal["model.spent"] = "model.spent"
    model: str
    purpose: Literal["broken_off", "stopped", "title"]
    input_tokens: int
    cached_tokens: int = 0
    output_tokens: int
    cost_micros: int
    estimated: bool = False


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


class ReviewFinished(Fact):
    """What the critic, a model that sees, holds against the screenshots of a version that passed the checks."""

    type: Literal["review.finished"] = "review.finished"
    step: str
    model: str
    findings: list[Finding]
    """Empty: it looks as it should."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    estimated: bool = False
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
    sandbox_s: float = 0
    """Seconds a sandbox worked for the run, over all attempts."""


Event = Annotated[
    RunQueued
    | FollowUpsChanged
    | RunClaimed
    | ProjectMapped
    | SandboxBooting
    | SandboxReady
    | SandboxClosed
    | StepStarted
    | ModelFinished
    | ModelRestarted
    | ModelSpent
    | ToolFinished
    | CheckFinished
    | ReviewFinished
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
    return sum(e.event.cost_micros for e in entries if isinstance(e.event, ModelFinished | ModelSpent | ReviewFinished))


def sandbox_seconds(entries: Iterable[Entry]) -> float:
    """How long a run held a sandbox, by the times of its own facts: of each attempt from its claim, or the boot of a new
    sandbox, to the last thing heard of it. Where none was ever used there is none.
    """
    total = 0.0
    since: datetime | None = None
    until: datetime | None = None
    for entry in entries:
        match entry.event:
            case RunClaimed() | SandboxBooting() | SandboxClosed():
                total += (until - since).total_seconds() if since and until else 0.0
                since, until = None if isinstance(entry.event, SandboxClosed) else entry.at, None
            case SandboxReady() | StepStarted():
                until = entry.at
            case RunFinished():
                pass
            case _ if until:
                until = entry.at
    return round(total + ((until - since).total_seconds() if since and until else 0.0), 3)


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
