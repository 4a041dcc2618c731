"""Real sandboxes for tests: one service for the whole session, and one project that tests may change as they like.

The service is an embedded host of the session's own; with E2B_API_KEY it is what the settings say: E2B, or the host at
E2B_API_URL. What is left there at the end is ended.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from backend.config import Settings
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces, SandboxService
from backend.workspace.embedded import EmbeddedHost
from backend.workspace.starter import starter_files

TIMEOUT_S = 3600


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxService]:
    """Where sandboxes come from."""
    settings = Settings(CODEFLOW_DATA_DIR=tmp_path_factory.mktemp("sandboxes"), CODEFLOW_SANDBOX_POOL=1)
    async with _elsewhere(settings) if settings.e2b_api_key else _here(settings) as service:
        yield service


@contextlib.asynccontextmanager
async def _here(settings: Settings) -> AsyncIterator[SandboxService]:
    host = await EmbeddedHost.start(settings, lambda message, fraction: None)
    try:
        yield SandboxService(
            api_key=host.api_key,
            template=settings.e2b_template,
            timeout_s=TIMEOUT_S,
            api_url=host.api_url,
            domain=host.domain,
            preview_scheme="http",
        )
    finally:
        await host.stop()


@contextlib.asynccontextmanager
async def _elsewhere(settings: Settings) -> AsyncIterator[SandboxService]:
    service = SandboxService.for_settings(settings)
    # Other sessions may use the same account: their sandboxes are not ours.
    service = replace(service, timeout_s=TIMEOUT_S, installation=f"tests-{uuid.uuid4().hex}")
    try:
        yield service
    finally:
        workspaces = E2BWorkspaces(service)
        await asyncio.gather(*(workspaces.kill(left.sandbox_id) for left in await workspaces.sandboxes()))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workspaces(service: SandboxService) -> E2BWorkspaces:
    return E2BWorkspaces(service)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_workspace(workspaces: E2BWorkspaces) -> AsyncIterator[E2BWorkspace]:
    workspace = await workspaces.open("shared", None, starter_files())
    yield workspace
    await workspace.close()
    await workspaces.kill(workspace.sandbox_id)


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(shared_workspace: E2BWorkspace) -> E2BWorkspace:
    """The shared project, holding the starter again."""
    await shared_workspace.mirror(starter_files())
    return shared_workspace
