"""Keeps what the store believes of sandboxes true, and lets idle ones go."""

import asyncio
import logging

from backend.domain import CodeFlowError
from backend.store import Store
from backend.workspace.contract import Workspaces

log = logging.getLogger(__name__)

ROUND_S = 30.0


class Reaper:
    def __init__(self, store: Store, workspaces: Workspaces, idle_s: float) -> None:
        """Sandboxes of projects where nothing happened for `idle_s` seconds are let go; 0 keeps them."""
        self._store = store
        self._workspaces = workspaces
        self._idle_s = idle_s

    async def serve(self) -> None:
        """A round at once, then one every `ROUND_S` seconds, until cancelled."""
        while True:
            try:
                await self.round()
            except CodeFlowError as e:
                log.warning("Sandboxes could not be looked after: %s", e.message)
            except Exception:
                log.exception("Sandboxes could not be looked after")
            await asyncio.sleep(ROUND_S)

    async def round(self) -> None:
        """Forget the previews whose sandbox is gone, and close the idle ones."""
        idle = set(await self._store.idle_previews(self._idle_s)) if self._idle_s else set()
        for project_id, sandbox_id in await self._store.orphaned_previews():
            if (project_id, sandbox_id) in idle:
                await self._workspaces.kill(sandbox_id)
            elif await self._workspaces.alive(sandbox_id):
                continue
            await self._store.clear_preview(project_id, sandbox_id)
