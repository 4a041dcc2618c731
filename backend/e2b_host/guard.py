"""Watches what sandboxes take, and ends those that take too much.

Control groups, where the host has them, hold memory, processes and processor time by themselves; the guard then only
tells why a sandbox was refused, and ends it. Without them it looks at each sandbox's memory as often as it could run out.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from .cgroups import Cgroups
from .disk import Disk
from .limits import MB, Limits
from .memory import free_memory
from .metrics import Meter, Usage, exact_usage, usage
from .sandbox import Sandbox
from .sandboxes import Sandboxes

log = logging.getLogger(__name__)

TICK_S = 0.2
METRICS_S = 2.0
GROWTH_PER_S = 2048 * MB
"""How fast the memory of a sandbox is taken to grow at most."""
MEMORY_SHARE = 10
"""Adding up a sandbox's memory may take one part in so many of the time."""
RESERVE_MB = 384
"""Less memory left on the machine than this, and the sandbox that takes most of it is ended."""
WORTH_MB = 64
"""A sandbox that takes less is not to blame for a machine's want of memory or disk."""


class Guard:
    def __init__(
        self, sandboxes: Sandboxes, meter: Meter, limits: Limits, folder: Path, cgroups: Cgroups | None
    ) -> None:
        self._sandboxes = sandboxes
        self._meter = meter
        self._limits = limits
        self._cgroups = cgroups
        self._disk = Disk(folder, limits)
        self._used: dict[str, Usage] = {}
        self._next_look: dict[str, float] = {}
        self._next_sample = 0.0
        self._refused: set[str] = set()
        self._told: set[str] = set()

    async def run(self) -> None:
        await asyncio.gather(self._watch_memory(), self._watch_disk())

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            alive = self._alive()
            if self._cgroups:
                await self._heed_groups(self._cgroups, alive)
            for sandbox in alive:
                await self._look(sandbox)
            await self._spare_memory(alive)
            self._sample(alive)
            self._forget()

    async def _watch_disk(self) -> None:
        """By itself, for counting files takes time."""
        while True:
            await asyncio.sleep(TICK_S)
            await self._spare_disk(self._alive())

    def _alive(self) -> list[Sandbox]:
        return [sandbox for sandbox in self._sandboxes.every if sandbox.state in ("running", "paused")]

    async def _heed_groups(self, cgroups: Cgroups, alive: Sequence[Sandbox]) -> None:
        for sandbox in alive:
            if cgroups.killed(sandbox.id):
                await self._end(sandbox, self._out_of_memory)
            if sandbox.id not in self._refused and cgroups.forks_refused(sandbox.id):
                self._refused.add(sandbox.id)
                most = self._limits.processes
                log.warning("sandbox %s is refused more processes: its limit is %s", sandbox.id, most)

    async def _look(self, sandbox: Sandbox) -> None:
        began = time.monotonic()
        if sandbox.state == "dead" or began < self._next_look.get(sandbox.id, 0):
            return
        used = await self._usage(sandbox)
        if not self._cgroups and used.memory > self._limits.memory_mb * MB:
            used = await asyncio.to_thread(exact_usage, sandbox.pid)
        took = time.monotonic() - began
        self._used[sandbox.id] = used
        left = self._limits.memory_mb * MB - used.memory
        pause = METRICS_S if self._cgroups else min(METRICS_S, left / GROWTH_PER_S)
        self._next_look[sandbox.id] = time.monotonic() + max(pause, took * MEMORY_SHARE)
        if left < 0:
            most = self._limits.memory_mb
            await self._end(sandbox, f"it used {used.memory // MB} MB of memory; its limit is {most} MB")

    async def _usage(self, sandbox: Sandbox) -> Usage:
        if self._cgroups:
            try:
                held = self._cgroups.usage(sandbox.id)
                return Usage(held.memory, held.cpu_s or 0.0)
            except OSError:
                pass
        return await asyncio.to_thread(usage, sandbox.pid)

    async def _spare_memory(self, alive: Sequence[Sandbox]) -> None:
        """When the machine's memory runs out, all of it would suffer: one sandbox goes first."""
        free = free_memory()
        if free is None or free >= RESERVE_MB * MB:
            return
        for sandbox in alive:
            if sandbox.state != "dead":
                self._used[sandbox.id] = await self._usage(sandbox)
        worst = self._worst(alive, {id: used.memory for id, used in self._used.items()})
        if worst:
            taken = self._used[worst.id].memory // MB
            await self._end(worst, f"the machine has {free // MB} MB of memory left, and it took the most, {taken} MB")

    async def _spare_disk(self, alive: Sequence[Sandbox]) -> None:
        space = self._disk.space()
        for sandbox in alive:
            if sandbox.state != "dead" and (space.short or self._disk.due(sandbox, space)):
                await self._disk.count(sandbox)
                if excess := self._disk.excess(sandbox):
                    await self._end(sandbox, excess)
        if space.short and self._disk.space().short:
            worst = self._worst(alive, {sandbox.id: self._disk.of(sandbox).grew for sandbox in alive}) or self._worst(
                alive, {sandbox.id: self._disk.of(sandbox).used for sandbox in alive}
            )
            if worst:
                await self._end(worst, "the host's disk is nearly full, and it took the most of it")

    def _worst(self, alive: Sequence[Sandbox], taken: dict[str, int]) -> Sandbox | None:
        blamed = [one for one in alive if one.state != "dead" and taken.get(one.id, 0) > WORTH_MB * MB]
        return max(blamed, key=lambda sandbox: taken[sandbox.id], default=None)

    def _sample(self, alive: Sequence[Sandbox]) -> None:
        if time.monotonic() < self._next_sample:
            return
        self._next_sample = time.monotonic() + METRICS_S
        for sandbox in alive:
            if sandbox.state != "dead" and sandbox.id in self._used:
                self._meter.record(sandbox, self._used[sandbox.id], self._disk.of(sandbox).used)

    def _forget(self) -> None:
        ids = {sandbox.id for sandbox in self._sandboxes.every}
        self._meter.forget_all_but(ids)
        self._disk.forget_all_but(ids)
        if self._cgroups:
            for gone in self._cgroups.names - ids - self._told:
                if self._cgroups.killed(gone):  # its agent among them, before the guard could end it
                    log.warning("sandbox %s died: %s", gone, self._out_of_memory)
                    self._told.add(gone)
            self._cgroups.remove_all_but(ids)
            ids |= self._cgroups.names
        for known in (self._used, self._next_look):
            for gone in known.keys() - ids:
                known.pop(gone)
        self._refused &= ids
        self._told &= ids

    @property
    def _out_of_memory(self) -> str:
        return f"it used all of its {self._limits.memory_mb} MB of memory"

    async def _end(self, sandbox: Sandbox, reason: str) -> None:
        if sandbox.state != "dead":
            log.warning("sandbox %s is over its limit: %s", sandbox.id, reason)
            self._told.add(sandbox.id)
            await sandbox.kill(reason)
