"""Looks after sandboxes nobody uses: frozen ones give their memory up when it is short or idle, sleeping ones their disk."""

import asyncio
import logging
import time
from dataclasses import dataclass

from .limits import MB
from .memory import LOW, free_memory
from .sandbox import Sandbox
from .sandboxes import Sandboxes
from .snapshots import disk_size

log = logging.getLogger(__name__)

EVERY_S = 2.0
FROZEN_S = 1800
"""After this long a frozen sandbox sleeps, and its memory is free."""


@dataclass(frozen=True)
class Keep:
    """How many sandboxes may sleep at once, and on how much disk together; beyond it the longest unused goes."""

    count: int = 100
    disk_mb: int = 20480


class Keeper:
    def __init__(self, sandboxes: Sandboxes, keep: Keep) -> None:
        self._sandboxes = sandboxes
        self._keep = keep
        self._sizes: dict[str, tuple[float, int]] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.relieve()
            await self.tidy()

    async def relieve(self) -> None:
        """Free the memory of those frozen for long, and of the longest frozen one when memory is short after all."""
        frozen = sorted((one for one in self._sandboxes if one.frozen), key=lambda one: one.used_at)
        for sandbox in frozen:
            if time.time() - sandbox.used_at > FROZEN_S and await sandbox.drop_memory():
                log.info("sandbox %s sleeps: nobody woke it for %s minutes", sandbox.id, FROZEN_S // 60)
        free = free_memory()
        if free is None or free >= LOW or self._sandboxes.pooled():
            return
        for sandbox in frozen:
            if await sandbox.drop_memory():
                log.info("sandbox %s sleeps: the machine has %s MB of memory left", sandbox.id, free // MB)
                return

    async def tidy(self) -> None:
        """Remove the longest unused of those asleep until the others are within bounds."""
        asleep = sorted((one for one in self._sandboxes if one.asleep), key=lambda one: one.used_at)
        sizes = {sandbox.id: await self._size(sandbox) for sandbox in asleep}
        self._sizes = {id: size for id, size in self._sizes.items() if id in sizes}
        for sandbox in asleep:
            taken = sum(sizes.values())
            if len(sizes) <= self._keep.count and taken <= self._keep.disk_mb * MB:
                return
            size = sizes.pop(sandbox.id)
            if sandbox.asleep:
                held = f"{len(sizes) + 1} sandboxes sleep on {taken // MB} MB of disk"
                log.warning("sandbox %s is removed with its %s MB: %s", sandbox.id, size // MB, held)
                await sandbox.kill("the longest unused makes room")

    async def _size(self, sandbox: Sandbox) -> int:
        """Bytes of disk; they stay the same while it sleeps."""
        known = self._sizes.get(sandbox.id)
        if known is None or known[0] != sandbox.used_at:
            known = self._sizes[sandbox.id] = (sandbox.used_at, await asyncio.to_thread(disk_size, sandbox.plan.folder))
        return known[1]
