"""The real HTTP application on a real port, with a worker beside it whose sandboxes and agent are doubles."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from backend.config import Settings
from backend.store.sqlite import SqliteStore
from backend.web.api import create_api
from backend.web.services import Services
from backend.web.session import LOCAL_USER
from backend.web.setup import AwaitedWorkspaces
from tests.runs.conftest import stage
from tests.runs.disk import DiskWorkspaces
from tests.runs.stage import Stage

__all__ = ["Site", "site", "stage"]


@dataclass
class Site:
    http: httpx.AsyncClient
    stage: Stage
    services: Services

    async def start(self, prompt: str = "a page") -> tuple[str, str]:
        """(project id, run id) of a new prompt."""
        answer = await self.http.post("/api/projects", json={"prompt": prompt})
        assert answer.status_code == 201, answer.text
        return answer.json()["project_id"], answer.json()["run_id"]

    async def finished(self, prompt: str = "a page") -> tuple[str, str]:
        project_id, run_id = await self.start(prompt)
        async with self.stage.working():
            await self.stage.over(await self.stage.store.run(LOCAL_USER, run_id))
        return project_id, run_id


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(CODEFLOW_DATA_DIR=tmp_path, AI_PROVIDER="demo")  # pyright: ignore[reportCallIssue]
    store = await SqliteStore.open(settings.database)
    services = Services(settings, store)
    workspaces = DiskWorkspaces(tmp_path / "sandboxes")
    assert isinstance(services.workspaces, AwaitedWorkspaces)
    services.workspaces.provide(lambda: workspaces)
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_api(services), log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=10) as http:
        yield Site(http, Stage(store, workspaces, settings), services)
    server.should_exit = True
    await serving
    await services.close()
