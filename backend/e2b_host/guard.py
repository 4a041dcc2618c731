"""Watches what sandboxes take, and ends those that take too much."""

import asyncio
import logging
import time

from .limits import MB, Limits
from .metrics import Meter, usage
from .sandbox import Sandbox
from .sandboxes import Sandboxes

log = logging.getLogger(__name__)

MEMORY_EVERY_S = 2.0
DISK_EVERY_S = 5.0
DISK_SHARE = 20
"""Counting a sandbox's files may take one part in so many of the time."""


class Guard:
    def __init__(self, sandboxes: Sandboxes, meter: Meter, limits: Limits) -> None:
        self._sandboxes = sandboxes
        self._meter = meter
        self._limits = limits
        self._disk: dict[str, int] = {}
        self._next_count: dict[str, float] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(MEMORY_EVERY_S)
            alive = self._sandboxes.every
            for sandbox in alive:
                if sandbox.state in ("running", "paused"):
                    await self._check(sandbox)
            ids = {sandbox.id for sandbox in alive}
            self._meter.forget_all_but(ids)
            for gone in self._next_count.keys() - ids:
                self._next_count.pop(gone)
                self._disk.pop(gone, None)

    async def _check(self, sandbox: Sandbox) -> None:
        used = usage(sandbox.pid)
        if time.monotonic() >= self._next_count.get(sandbox.id, 0):
            began = time.monotonic()
            self._disk[sandbox.id] = await disk_usage(sandbox)
            took = time.monotonic() - began
            self._next_count[sandbox.id] = time.monotonic() + max(DISK_EVERY_S, took * DISK_SHARE)
        disk = self._disk.get(sandbox.id, 0)
        self._meter.record(sandbox, used, disk)
        if used.memory > self._limits.memory_mb * MB:
            await self._end(
                sandbox, f"it used {used.memory // MB} MB of memory; its limit is {self._limits.memory_mb} MB"
            )
        elif disk > self._limits.disk_mb * MB:
            await self._end(sandbox, f"it used {disk // MB} MB of disk; its limit is {self._limits.disk_mb} MB")

    async def _end(self, sandbox: Sandbox, reason: str) -> None:
        log.warning("sandbox %s is over its limit: %s", sandbox.id, reason)
        await sandbox.kill(reason)


async def disk_usage(sandbox: Sandbox) -> int:
    """Bytes of disk the sandbox's own files take."""
    process = await asyncio.create_subprocess_exec(
        "nice", "du", "-s", "-x", "--block-size=1", str(sandbox.plan.folder),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    count = output.split(b"\t", 1)[0]
    return int(count) if count.isdigit() else 0
