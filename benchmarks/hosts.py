"""A sandbox host of this machine for a measurement."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backend.config import Settings
from backend.workspace.e2b import SandboxService
from backend.workspace.embedded import EmbeddedHost


@asynccontextmanager
async def embedded(settings: Settings, data_dir: Path, *, pool: int) -> AsyncIterator[SandboxService]:
    own = settings.model_copy(update={"data_dir": data_dir, "sandbox_pool": pool})
    host = await EmbeddedHost.start(own, lambda message, fraction: None)
    try:
        yield SandboxService(
            api_key=host.api_key,
            template=settings.e2b_template,
            timeout_s=1800,
            api_url=host.api_url,
            domain=host.domain,
            preview_scheme="http",
        )
    finally:
        await host.stop()
