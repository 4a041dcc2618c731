"""Keeps what the store believes of sandboxes true, those awake that somebody looks at, and lets the others end.

A sandbox that nobody uses pauses by itself at its time-out. Paused it costs storage alone and wakes when its address is
opened, so it stays the project's until nobody has come back for long.
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterable

from backend.domain import CodeFlowError, Preview
from backend.store import Store
from backend.workspace.contract import ListedSandbox, Workspaces

log = logging.getLogger(__name__)

ROUND_S = 30.0
LOOKED_S = 150.0
"""A look not older than this still goes on: it is noted once a minute, and rounds may be a minute apart."""
AT_ONCE = 16


class Reaper:
    def __init__(self, store: Store, workspaces: Workspaces, keep_s: float) -> None:
        """Paused sandboxes that nobody came back to for `keep_s` seconds are ended."""
        self._store = store
        self._workspaces = workspaces
        self._keep_s = keep_s

    async def serve(self) -> None:
        """A round at once, then one every `ROUND_S` seconds, until cancelled."""
        while True:
            await self.tried()
            await asyncio.sleep(ROUND_S)

    async def tried(self) -> None:
        """A round; one that fails is told of, and in nobody's way."""
        try:
            await self.round()
        except CodeFlowError as e:
            log.warning("Sandboxes could not be looked after: %s", e.message)
        except Exception:
            log.exception("Sandboxes could not be looked after")

    async def round(self) -> None:
        """One look at all sandboxes of this installation and all projects that name one."""
        # In this order: a sandbox is listed before a project names it.
        previews = await self._store.previews()
        there = {listed.sandbox_id: listed for listed in await self._workspaces.sandboxes()}
        await _each(self._look_after(preview, there.get(preview.sandbox_id)) for preview in previews)
        await self._end_unclaimed(there.keys() - {preview.sandbox_id for preview in previews}, there)

    async def _look_after(self, preview: Preview, found: ListedSandbox | None) -> None:
        if found is None:
            # A list may be older than the sandbox.
            if not await self._workspaces.alive(preview.sandbox_id):
                await self._store.clear_preview(preview.project_id, preview.sandbox_id)
        elif found.paused and preview.quiet_s > self._keep_s:
            await self._workspaces.kill(preview.sandbox_id)
            await self._store.clear_preview(preview.project_id, preview.sandbox_id)
        elif found.preview_url and found.preview_url != preview.preview_url:
            # Its service moved: nobody reaches it there any more. A wake finds it under its new address.
            await self._store.clear_preview(preview.project_id, preview.sandbox_id)
        elif not found.paused and preview.looked_s is not None and preview.looked_s < LOOKED_S:
            await self._workspaces.keep(preview.sandbox_id)

    async def _end_unclaimed(self, others: Iterable[str], there: dict[str, ListedSandbox]) -> None:
        """What a worker created and did not live to record, or a deletion did not reach: nobody keeps it, so it pauses."""
        paused = sorted(sandbox_id for sandbox_id in others if there[sandbox_id].paused)
        if paused:
            unclaimed = await self._store.unclaimed_sandboxes(paused)
            await _each(self._workspaces.kill(sandbox_id) for sandbox_id in unclaimed)


async def _each(works: Iterable[Awaitable[None]]) -> None:
    """Some at a time; one that fails is told of, and in nobody's way."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(work: Awaitable[None]) -> None:
        async with turn:
            try:
                await work
            except CodeFlowError as e:
                log.warning("A sandbox could not be looked after: %s", e.message)

    await asyncio.gather(*(one(work) for work in works))
