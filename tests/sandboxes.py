"""Real sandboxes for tests: one embedded host for the whole session, and one project that tests may change as they like."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from backend.config import Settings
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces, SandboxService
from backend.workspace.embedded import EmbeddedHost
from backend.workspace.starter import starter_files


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxService]:
    """Where sandboxes come from: an embedded host of the session's own."""
    settings = Settings(CODEFLOW_DATA_DIR=tmp_path_factory.mktemp("sandboxes"), CODEFLOW_SANDBOX_POOL=1)
    host = await EmbeddedHost.start(settings, lambda message, fraction: None)
    try:
        yield SandboxService(
            api_key=host.api_key,
            template=settings.e2b_template,
            timeout_s=3600,
            api_url=host.api_url,
            domain=host.domain,
            preview_scheme="http",
        )
    finally:
        await host.stop()


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
