"""The nouns of CodeFlow. No I/O, no imports from other rooms.

A *project* is one app and its chat. Every change to it is a *run*; a run is made of *steps* (one model or tool call each)
whose results are facts in the project's journal (`backend.events`). A run that succeeds commits a *version*: an immutable
snapshot of the files with the `CheckReport` that let it pass.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

MAX_PROMPT_CHARS = 100_000
MAX_FILE_BYTES = 1_000_000
MAX_FOLLOWUPS = 20
MAX_VARIABLES = 50
"""Of a project's app."""
MAX_FOLLOWUPS_CHARS = 200_000
"""In all prompts of a project that wait: each change of one writes them all to the journal."""


class Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class User(Noun):
    """Who asks. The store decides what they may see and do by this alone."""

    id: str
    email: str | None = None
    anonymous: bool = False
    """On trial: no e-mail address or password yet, and the tier `anonymous`."""
    token: SecretStr | None = None
    """The proof, for stores that ask for one: the access token of the sign-in, a JWT."""


class Tier(Noun):
    """What a user may spend. None: without limit. Tiers are rows of the store, windows too."""

    id: str
    """`anonymous`, `free`, `pro`; `local` without sign-in."""
    name: str
    points: int | None
    """Prompts in a window."""
    window_s: int
    """A window begins with its first prompt."""
    concurrent: int | None
    """Prompts being worked on at once."""
    budget_micros: int | None
    """Spent on models in a window, in millionths of a US dollar; the next prompt is refused once it is reached."""
    run_budget_micros: int | None
    """The hard cap of one run, enforced by its worker."""


class Usage(Noun):
    """What is left of a user's tier."""

    tier: Tier
    points_used: int
    """In the window that ends at `resets_at`."""
    resets_at: datetime | None
    """None when no window is open: the next prompt begins one."""
    spent_micros: int
    spent_resets_at: datetime | None
    active: int
    """Prompts that hold a place: queued just now, or under a live lease."""


class RunKind(StrEnum):
    PROMPT = "prompt"
    """Agents change the app as the prompt asks."""
    EDIT = "edit"
    """The person changed files by hand."""
    RESTORE = "restore"
    """Go back to an earlier version."""
    WAKE = "wake"
    """Bring the preview back; changes nothing."""
    PLAN = "plan"
    """The planner says how it would build what the prompt asks, for the person to change and accept; changes nothing."""


ASKING = frozenset({RunKind.PROMPT, RunKind.PLAN})
"""Kinds in which a person asks agents for something, and gets an answer in words."""


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)


class FileStatus(StrEnum):
    ADDED = "A"
    MODIFIED = "M"
    DELETED = "D"


class FileChange(Noun):
    """One file's change. A move is a deletion and an addition."""

    path: str
    """Relative to the project's root, with forward slashes: `app/page.tsx`."""
    status: FileStatus
    added: int
    """Lines added; 0 for binary files."""
    removed: int
    diff: str
    """Unified diff with three lines of context and no file headers; empty for binary files."""
    sha256: str | None
    """Hex digest of the new content, whose blob is in the store; None when deleted."""


class CheckLevel(StrEnum):
    TYPES = "types"
    ROUTES = "routes"
    BROWSER = "browser"


class CheckProblem(Noun):
    level: CheckLevel
    message: str
    """What is wrong, as the tool that found it says it."""
    file: str | None = None
    line: int | None = None
    route: str | None = None
    reproduce: str = ""
    """How a person sees it: `open /, press “Save”`; empty when the message says it all."""


class CheckResult(Noun):
    level: CheckLevel
    passed: bool
    summary: str
    """One line for a person: `3 routes served`."""
    duration_ms: int


class CheckReport(Noun):
    """What the gate found. `passed` is true only when every level ran and passed."""

    passed: bool
    results: list[CheckResult]
    problems: list[CheckProblem]
    routes: list[str] = []
    screenshot_sha256: str | None = None
    """JPEG of `/` at 1280×800; its blob is in the store."""
    phone_screenshot_sha256: str | None = None
    """JPEG of `/` at 390×844."""

    def as_text(self) -> str:
        """The report as the agent reads it."""
        if self.passed:
            return "All checks passed: " + "; ".join(r.summary for r in self.results)
        lines = ["The checks failed. Repair these problems, then finish again."]
        for p in self.problems:
            where = f"{p.file}:{p.line}" if p.file and p.line else p.file or p.route or ""
            seen = f" (to see it: {p.reproduce})" if p.reproduce else ""
            lines.append(f"- [{p.level}] {where + ': ' if where else ''}{p.message}{seen}")
        return "\n".join(lines)


class Finding(Noun):
    """What the critic holds against the look of a page."""

    screen: Literal["desktop", "phone"]
    problem: str
    repair: str
    """What to change, as the coder is told."""


class Version(Noun):
    id: str
    project_id: str
    number: int
    """1, 2, 3 … within the project; 0 is the starter every project is born with."""
    parent_id: str | None
    run_id: str | None
    title: str
    manifest: dict[str, str]
    """path → sha256 of every file."""
    report: CheckReport | None
    created_at: datetime

    @property
    def verified(self) -> bool:
        return self.report is not None and self.report.passed


class Project(Noun):
    id: str
    owner: str
    title: str
    head_id: str
    """The current version's id."""
    sandbox_id: str | None
    preview_url: str | None
    """Set while the sandbox is believed alive."""
    model: str | None = None
    """The model the person chose for it, `provider:model`; None: the installation's default."""
    created_at: datetime
    updated_at: datetime


class Preview(Noun):
    """A sandbox that a project names as its own, running or paused, while no run is under way on it."""

    project_id: str
    sandbox_id: str
    preview_url: str | None
    looked_s: float | None
    """Since somebody last had the project's page open; None: nobody did."""
    quiet_s: float
    """Since anything happened in the project, or somebody looked."""


class ProjectCard(Noun):
    """A project as a list shows it."""

    id: str
    title: str
    updated_at: datetime
    active: bool
    """Whether a run is queued or running."""
    versions: int
    screenshot_sha256: str | None


class Attachment(Noun):
    """An image the person added to a prompt; its blob is in the store."""

    name: str
    media_type: Annotated[str, Field(pattern=r"^image/(png|jpeg|webp|gif)$")]
    sha256: str


class Run(Noun):
    id: str
    """Chosen by the caller; starting twice with one id is one run."""
    project_id: str
    owner: str
    kind: RunKind
    status: RunStatus
    prompt: str
    """For `edit` and `restore`, a one-line description."""
    attachments: list[Attachment] = []
    restore_id: str | None = None
    """The version to go back to, for `restore`; for a prompt that is sent again, the version it starts from."""
    resends: str | None = None
    """The run whose prompt was changed and sent again as this one."""
    edits: dict[str, str | None] = {}
    """path → sha256 of the new content, None to delete; for `edit`."""
    attempt: int = 0
    cancel_requested: bool = False
    undo_requested: bool = False
    """Stopped, and what it wrote is to be taken back: the project's files become those it found."""
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cost_micros: int = 0
    """Millionths of a US dollar spent on models."""
    sandbox_s: float = 0
    """Seconds a sandbox worked for it, over all attempts."""
    budget_micros: int | None = None
    """The tier's hard cap at the time of starting; None: without one."""


class Hold(StrEnum):
    """Why follow-ups wait, though no run is under way."""

    STOPPED = "stopped"
    """The person stopped the run before them."""
    FAILED = "failed"
    """The run before them failed."""
    LIMIT = "limit"
    """The tier had no more to give when the first one's turn came."""


class FollowUp(Noun):
    """A prompt that waits for the run under way; it becomes a run of the same id. Until then it costs nothing."""

    id: str
    prompt: str
    attachments: list[Attachment] = []
    created_at: datetime


class OpenRun(Noun):
    """A run that is not over, as the operator sees it."""

    id: str
    project_id: str
    owner: str
    kind: RunKind
    status: RunStatus
    attempt: int
    cancel_requested: bool
    waited_s: float
    """Since it was queued."""
    lease_s: float | None
    """Until its worker must have renewed the lease; below 0: that worker is lost. None: no worker has it."""
    worker: str | None


class Share(Noun):
    """A public link to a version, as its owner sees it. The link's token is told once, when it is made."""

    id: str
    project_id: str
    version_id: str
    version_number: int
    history: bool
    """Whether visitors may read the prompts that led to the version."""
    created_at: datetime


class ShareState(StrEnum):
    """How the live preview of a share is doing."""

    OFF = "off"
    WAKING = "waking"
    READY = "ready"
    FAILED = "failed"


class SharedVersion(Noun):
    """What anybody with the link sees. Not the version's own title, which is the first line of a prompt."""

    title: str
    version_number: int
    created_at: datetime
    files: int
    screenshot: bool
    """Whether `share_picture` has one."""
    prompts: list[str] = []
    """Oldest first; empty unless the owner shows them."""
    state: ShareState
    preview_url: str | None
    """Set while `ready`."""


class Lease(Noun):
    """The right to write to one run, until it is lost. Every worker call carries it."""

    run_id: str
    token: str


class FailureCode(StrEnum):
    CHECKS = "checks"
    BUDGET = "budget"
    MODEL = "model"
    SANDBOX = "sandbox"
    UNSUPPORTED = "unsupported"
    INTERNAL = "internal"


class Failure(Noun):
    """Why a run failed, for a person: what happened, and what to do."""

    code: FailureCode
    message: str
    action: str
    tried: list[str] = []
    """What the agent tried before, a line each, oldest first."""


class CodeFlowError(Exception):
    """Base of the errors a person may see. `message` says what happened and what to do next."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(CodeFlowError):
    """The person's input cannot be used; the person acts."""


class NotFound(CodeFlowError):
    """No such thing, or not this user's."""


class Busy(CodeFlowError):
    """A run is already under way on this project; wait or stop it."""


class NotSignedIn(CodeFlowError):
    """The person's session is missing or over; they sign in again."""


class LimitKind(StrEnum):
    POINTS = "points"
    CONCURRENT = "concurrent"
    BUDGET = "budget"
    PREVIEWS = "previews"
    RATE = "rate"


class LimitReached(CodeFlowError):
    """The tier's limit, or a rate, is reached: the person waits until `resets_at`, or moves up a tier."""

    def __init__(self, message: str, kind: LimitKind, resets_at: datetime | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.resets_at = resets_at


class Unavailable(CodeFlowError):
    """Something outside this process does not answer, or its set-up is incomplete; the operator acts."""

    def __init__(self, message: str, *, passes: bool = False) -> None:
        super().__init__(message)
        self.passes = passes
        """Whether it may well answer again soon without anybody's doing."""


class LeaseLost(CodeFlowError):
    """Another worker has the run, or it was cancelled: this worker must stop and write nothing."""


Role = Literal["user", "assistant"]
