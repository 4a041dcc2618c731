"""A store under test, its clock, and the facts its tests write."""

import hashlib
from dataclasses import dataclass

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
    Share,
    Tier,
    User,
    Version,
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

DAY_S = 86_400
PAGE = b"export default function Page() { return <h1>Cats</h1> }\n"
STARTER = {"app/page.tsx": b"export default 0\n", "logo.png": b"\x89PNG\0\x01"}


UNLIMITED = Tier(
    id="unlimited",
    name="Unlimited",
    points=None,
    window_s=DAY_S,
    concurrent=None,
    budget_micros=None,
    run_budget_micros=None,
)


@dataclass
class World:
    """A store and two users of it. Each test meets a new one: no projects, no usage, no secrets, and time as it is.

    A store's tests subclass it with the four ways to set a scene that the `Store` protocol does not have. They are plain
    functions, and what they did holds for the next call to the store.
    """

    store: Store
    ada: User
    eve: User
    """Both have accounts with e-mail addresses, and the tier `UNLIMITED`."""

    def let_pass(self, seconds: float) -> None:
        """By the store's clock. It may be done by moving everything stored into the past."""
        raise NotImplementedError

    def now_s(self) -> float:
        """The store's clock, seconds since the epoch."""
        raise NotImplementedError

    def grant(self, user: User, tier: Tier) -> None:
        """Make the tier's row what is given, and put the user on it."""
        raise NotImplementedError

    def newcomer(self, anonymous: bool = False) -> User:
        """Somebody who has just signed up, on whatever tier that gives, or is on trial."""
        raise NotImplementedError

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

    async def built(
        self, picture: bytes | None = None, project: Project | None = None, run_id: str = "run-1"
    ) -> Version:
        """A version of Ada's that a prompt led to: one page, and with `picture` a screenshot."""
        _, lease = await self.claimed(project=project, run_id=run_id)
        await self.store.append(lease, [], blobs=[PAGE, *([picture] if picture else [])])
        version = await self.store.commit_version(lease, "Cats", {"app/page.tsx": sha(PAGE)}, passed(picture))
        await self.store.finish_run(lease, finished(cost=0))
        return version

    async def shared(self, history: bool = False, picture: bytes | None = None) -> tuple[Share, str]:
        """Such a version's share, and the link's token."""
        version = await self.built(picture)
        return await self.store.create_share(self.ada, version.project_id, version.id, history)

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
