"""The real HTTP application on a real port, with a worker beside it whose sandboxes and agent are doubles."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.middleware import Middleware

from backend.accounts.accounts import Accounts
from backend.config import Settings
from backend.store.sqlite import SqliteStore
from backend.web.api import create_api
from backend.web.services import Services
from backend.web.session import LOCAL_USER, AccountSession, LocalSession
from backend.workspace.awaited import AwaitedWorkspaces
from tests.runs.conftest import stage
from tests.runs.disk import DiskWorkspaces
from tests.runs.stage import Stage
from tests.web.people import NamedSession

__all__ = ["Site", "site", "stage", "town"]

UPGRADE = "https://buy.example.com/pro?plan=month"


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
    """Of one person, without sign-in."""
    async with served(tmp_path, create_api) as site:
        yield site


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Site]:
    """Of many people, on the tier `free` unless they are given another; `as_user` says who asks."""
    async with served(tmp_path, api_of_many, default_tier="free", CODEFLOW_UPGRADE_URL=UPGRADE) as site:
        yield site


def api_of_many(services: Services) -> FastAPI:
    return with_named_people(create_api(services))


def with_named_people(app: FastAPI) -> FastAPI:
    """Who asks is told by a header instead of a session."""
    app.user_middleware = [
        Middleware(NamedSession) if m.cls in (LocalSession, AccountSession) else m for m in app.user_middleware
    ]
    return app


@contextlib.asynccontextmanager
async def served(
    tmp_path: Path, application: Callable[[Services], FastAPI], default_tier: str = "local", **variables: Any
) -> AsyncIterator[Site]:
    settings = Settings(CODEFLOW_DATA_DIR=tmp_path, AI_PROVIDER="demo", **variables)  # pyright: ignore[reportCallIssue]
    store = await SqliteStore.open(settings.database, default_tier=default_tier)
    services = Services(settings, store, Accounts.open(settings) if settings.multi_user else None)
    # They are imported in a thread; the actor's import of the same modules must not come in between.
    await services.models()
    workspaces = DiskWorkspaces(tmp_path / "sandboxes")
    assert isinstance(services.workspaces, AwaitedWorkspaces)
    services.workspaces.provide(lambda: workspaces)
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(services), log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=10) as http:
        yield Site(http, Stage(store, workspaces, settings), services)
    server.should_exit = True
    await serving
    await services.close()
