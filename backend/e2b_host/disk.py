"""How much of the host's disk each sandbox takes.

Counting files is slow, so it is done when it can matter: a sandbox cannot have grown by more than the whole file system
has, which one system call tells; and every few seconds besides, for the metrics.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from .limits import MB, Limits
from .metrics import deleted_files, process_ids
from .sandbox import Sandbox

EVERY_S = 5.0
SHARE = 20
"""Counting a sandbox's files may take one part in so many of the time, unless it may be over its limit."""
RUSH = 2
"""That part when it may be."""
RESERVE_MB = 256
"""Less free space than this, and the sandbox that grew most is ended."""
RESERVE_FILES = 10_000


@dataclass(frozen=True)
class Space:
    """Of the file system sandboxes live on."""

    used: int
    files: int
    free: int
    free_files: int | None
    """None on file systems that make as many as they like."""

    @property
    def short(self) -> bool:
        return self.free < RESERVE_MB * MB or (self.free_files is not None and self.free_files < RESERVE_FILES)


@dataclass(frozen=True)
class Count:
    used: int = 0
    """Bytes."""
    files: int = 0
    grew: int = 0
    """Bytes since the count before."""
    at: Space = Space(0, 0, 0, None)
    soonest: float = 0
    """When it may be counted again, by the monotonic clock."""
    latest: float = 0


class Disk:
    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._counts: dict[str, Count] = {}

    def space(self) -> Space:
        found = os.statvfs(self._folder)
        return Space(
            used=(found.f_blocks - found.f_bfree) * found.f_frsize,
            files=found.f_files - found.f_ffree,
            free=found.f_bavail * found.f_frsize,
            free_files=found.f_favail if found.f_files else None,
        )

    def of(self, sandbox: Sandbox) -> Count:
        return self._counts.get(sandbox.id, Count())

    def due(self, sandbox: Sandbox, space: Space) -> bool:
        """Whether it is time to count: for the metrics, or because it may be over its limit."""
        last = self.of(sandbox)
        now = time.monotonic()
        if now >= last.latest:
            return True
        most = last.used + space.used - last.at.used
        most_files = last.files + space.files - last.at.files
        return now >= last.soonest and (most > self._limits.disk_mb * MB or most_files > self._limits.files)

    async def count(self, sandbox: Sandbox) -> Count:
        before, at, began = self.of(sandbox), self.space(), time.monotonic()
        used, files = await asyncio.gather(_du(sandbox, "--block-size=1"), _du(sandbox, "--inodes"))
        used += await asyncio.to_thread(lambda: deleted_files(process_ids(sandbox.pid)).disk)
        now = time.monotonic()
        took = now - began
        soonest, latest = now + took * RUSH, now + max(EVERY_S, took * SHARE)
        self._counts[sandbox.id] = Count(used, files, used - before.used, at, soonest, latest)
        return self._counts[sandbox.id]

    def excess(self, sandbox: Sandbox) -> str | None:
        """What it has too much of by the last count, in words."""
        count = self.of(sandbox)
        if count.used > self._limits.disk_mb * MB:
            return f"it used {count.used // MB} MB of disk; its limit is {self._limits.disk_mb} MB"
        if count.files > self._limits.files:
            return f"it made {count.files} files; its limit is {self._limits.files}"
        return None

    def forget_all_but(self, ids: set[str]) -> None:
        for gone in self._counts.keys() - ids:
            del self._counts[gone]


async def _du(sandbox: Sandbox, unit: str) -> int:
    process = await asyncio.create_subprocess_exec(
        "du", "-s", "-x", unit, str(sandbox.plan.folder),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    count = output.split(b"\t", 1)[0]
    return int(count) if count.isdigit() else 0
