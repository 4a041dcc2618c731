"""Sandboxes that are still being made ready."""

import asyncio
from collections.abc import Callable, Mapping

from backend.workspace import SandboxUnavailable
from backend.workspace.contract import NO_VARIABLES, ListedSandbox, Workspace, Workspaces


class AwaitedWorkspaces:
    """Workspaces that can be asked for before there are any: `open` waits until they are provided."""

    def __init__(self) -> None:
        self._provided: asyncio.Future[Callable[[], Workspaces]] = asyncio.get_running_loop().create_future()

    def provide(self, workspaces: Callable[[], Workspaces]) -> None:
        """`workspaces` is called for each use."""
        self._provided.set_result(workspaces)

    def refuse(self, message: str) -> None:
        """From now on, every `open` raises `SandboxUnavailable`."""
        self._provided.set_exception(SandboxUnavailable(message))
        # Nobody may ever ask; that is no error.
        self._provided.exception()

    async def open(
        self,
        project_id: str,
        sandbox_id: str | None,
        files: Mapping[str, bytes],
        environment: Mapping[str, str] = NO_VARIABLES,
    ) -> Workspace:
        workspaces = await asyncio.shield(self._provided)
        return await workspaces().open(project_id, sandbox_id, files, environment)

    async def sandboxes(self) -> list[ListedSandbox]:
        return await (await asyncio.shield(self._provided))().sandboxes()

    async def alive(self, sandbox_id: str) -> bool:
        """False as long as nobody can tell: `open` finds a project's sandbox again by itself."""
        return await workspaces.alive(sandbox_id) if (workspaces := self._now) else False

    async def keep(self, sandbox_id: str) -> None:
        if workspaces := self._now:
            await workspaces.keep(sandbox_id)

    async def kill(self, sandbox_id: str) -> None:
        if workspaces := self._now:
            await workspaces.kill(sandbox_id)

    @property
    def _now(self) -> Workspaces | None:
        return self._provided.result()() if self._provided.done() and not self._provided.exception() else None
