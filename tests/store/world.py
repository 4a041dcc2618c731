"""A store under test, its clock, and the facts its tests write."""

import hashlib
from dataclasses import dataclass, field

from backend.domain import (
    CheckLevel,
    CheckReport,
    CheckResult,
    FileChange,
    FileStatus,
    Lease,
    Project,
    Run,
    RunKind,
    RunStatus,
    User,
)
from backend.events import (
    Delta,
    Event,
    Frame,
    ModelFinished,
    RunFinished,
    ToolFinished,
)
from backend.store import Store

STARTER = {"app/page.tsx": b"export default 0\n", "logo.png": b"\x89PNG\0\x01"}


@dataclass
class World:
    """A store, its clock, and two users."""

    store: Store
    passed_s: float = field(default=0.0)
    ada: User = field(default_factory=lambda: User(id="ada"))
    eve: User = field(default_factory=lambda: User(id="eve"))

    def let_pass(self, seconds: float) -> None:
        self.passed_s += seconds

    async def project(self, user: User | None = None) -> Project:
        return await self.store.create_project(user or self.ada, "Cats", STARTER)

    async def queued(self, user: User | None = None, run_id: str = "run-1", project: Project | None = None) -> Run:
        project = project or await self.project(user)
        return await self.store.start_run(user or self.ada, project.id, run_id, RunKind.PROMPT, "a page for cats")

    async def claimed(
        self, user: User | None = None, run_id: str = "run-1", project: Project | None = None
    ) -> tuple[Run, Lease]:
        await self.queued(user, run_id, project)
        claimed = await self.store.claim_run("worker", 15, run_id)
        assert claimed
        return claimed[0], claimed[2]

    async def events(self, run: Run) -> list[Event]:
        owner = self.ada if run.owner == self.ada.id else self.eve
        return [e.event for e in await self.store.entries(owner, run.project_id)]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def said(step: str = "model:0", cost: int = 5) -> ModelFinished:
    return ModelFinished(step=step, model="m", message={"a": [1]}, text="Hi", cost_micros=cost, duration_ms=1)


def wrote(step: str, **files: bytes | None) -> ToolFinished:
    """A tool that wrote (or, with None, deleted) `app_page` as `app/page.tsx`."""
    changes = [
        FileChange(
            path=f"{name.replace('_', '/')}.tsx",
            status=FileStatus.MODIFIED if body is not None else FileStatus.DELETED,
            added=1,
            removed=0,
            diff="",
            sha256=sha(body) if body is not None else None,
        )
        for name, body in files.items()
    ]
    return ToolFinished(
        step=step, call_id="c", tool="write", target="", ok=True, result="", changes=changes, duration_ms=1
    )


def finished(status: RunStatus = RunStatus.SUCCEEDED, cost: int = 7) -> RunFinished:
    return RunFinished.model_validate({"status": status, "verified": True, "duration_s": 1.0, "cost_micros": cost})


def passed(picture: bytes | None = None) -> CheckReport:
    result = CheckResult(level=CheckLevel.TYPES, passed=True, summary="types agree", duration_ms=1)
    return CheckReport(
        passed=True, results=[result], problems=[], screenshot_sha256=sha(picture) if picture is not None else None
    )


def frame(step: str = "model:0", n: int = 0, text: str = "Hel") -> Frame:
    return Frame(run_id="run-1", step=step, n=n, deltas=[Delta(part=0, kind="text", text=text)])
