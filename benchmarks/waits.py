"""The waits themselves, each one round of what a person would wait for."""

import asyncio
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from e2b_code_interpreter import AsyncSandbox

from backend.checks import check
from backend.config import Settings
from backend.domain import RunStatus, User
from backend.events import StepStarted
from backend.runs.agents import agent_work, check_app
from backend.runs.service import Runs
from backend.runs.worker import Worker
from backend.store.sqlite import SqliteStore
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces, SandboxService
from backend.workspace.starter import starter_files
from benchmarks.bare import BareProject, BareServer

BARE_TEMPLATE = "base"
USER = User(id="bench")
FIRST_STEP_S = 120


async def created(service: SandboxService) -> float:
    """An empty sandbox that answers a command."""
    started = time.perf_counter()
    sandbox = await AsyncSandbox.create(BARE_TEMPLATE, timeout=60, **service.params)
    await sandbox.commands.run("true")
    seconds = time.perf_counter() - started
    await sandbox.kill()
    return seconds


async def served_bare(project: BareProject, node: Path) -> float:
    """`next dev` from nothing to its first answer."""
    project.forget_compiled()
    started = time.perf_counter()
    server = await BareServer.start(project, node)
    seconds = time.perf_counter() - started
    await server.stop()
    return seconds


class Openings:
    """A project opened from nothing: its files in a sandbox, its dev server answering."""

    def __init__(self, service: SandboxService, pause_s: float = 0) -> None:
        self._workspaces = E2BWorkspaces(service)
        self._pause_s = pause_s

    async def measure(self) -> float:
        await asyncio.sleep(self._pause_s)
        started = time.perf_counter()
        workspace = await self._workspaces.open(uuid.uuid4().hex, None, starter_files())
        seconds = time.perf_counter() - started
        await workspace.close()
        await self._workspaces.kill(workspace.sandbox_id)
        return seconds


class Verified:
    """A page changed in a running app until it is known to work, in a sandbox and bare."""

    def __init__(self, service: SandboxService, project: BareProject, server: BareServer) -> None:
        self._workspaces = E2BWorkspaces(service)
        self._workspace: E2BWorkspace | None = None
        self._project = project
        self._server = server
        self._round = 0

    async def __aenter__(self) -> Self:
        self._workspace = await self._workspaces.open(uuid.uuid4().hex, None, starter_files())
        await asyncio.gather(check(self._workspace), self._server.get("/"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._workspace:
            await self._workspace.close()
            await self._workspaces.kill(self._workspace.sandbox_id)

    async def checked(self) -> float:
        assert self._workspace
        started = time.perf_counter()
        await self._workspace.write({"app/page.tsx": self._page()})
        report = (await check(self._workspace)).report
        if not report.passed:
            raise RuntimeError(report.as_text())
        return time.perf_counter() - started

    async def bare(self) -> float:
        started = time.perf_counter()
        self._project.write("app/page.tsx", self._page())
        await asyncio.gather(self._server.get("/"), self._project.check_types())
        return time.perf_counter() - started

    def _page(self) -> bytes:
        self._round += 1
        return f"export default function Page() {{ return <h1>round {self._round}</h1> }}\n".encode()


class Submits:
    """A prompt sent until its first step is in the journal, in a project whose sandbox runs; the run is then stopped."""

    def __init__(self, data_dir: Path, service: SandboxService) -> None:
        self._settings = Settings(CODEFLOW_DATA_DIR=data_dir, AI_PROVIDER="demo", CODEFLOW_DEMO_PACE=0)
        self._workspaces = E2BWorkspaces(service)

    async def __aenter__(self) -> Self:
        from backend.agent.models import Models

        self._settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._store = await SqliteStore.open(self._settings.database)
        models = await asyncio.to_thread(Models.for_settings, self._settings)

        async def chosen() -> Models:
            return models

        self._worker = Worker(self._store, self._workspaces, check_app, agent_work(chosen), self._settings)
        self._working = asyncio.create_task(self._worker.serve())
        self._runs = Runs(self._store, self._workspaces)
        run = await self._runs.start(USER, None, "a waitlist page")
        self._project_id = run.project_id
        await self._until_over(run.id)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.stop()
        await self._working
        await self._store.close()

    async def first_step(self) -> float:
        started = time.perf_counter()
        run = await self._runs.start(USER, self._project_id, "use a green accent colour")
        with self._store.watch(USER, self._project_id) as poke:
            while not await self._stepped(run.id):
                if time.perf_counter() - started > FIRST_STEP_S:
                    raise RuntimeError("the run did not begin")
                await poke.wait(1)
        seconds = time.perf_counter() - started
        await self._until_over(run.id)
        return seconds

    async def _stepped(self, run_id: str) -> bool:
        entries = await self._store.entries(USER, self._project_id, limit=10_000)
        return any(entry.run_id == run_id and isinstance(entry.event, StepStarted) for entry in entries)

    async def _until_over(self, run_id: str) -> RunStatus:
        while not (run := await self._store.run(USER, run_id)).status.over:
            await asyncio.sleep(0.1)
        return run.status
