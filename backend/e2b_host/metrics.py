"""What sandboxes use of the machine, read from /proc where no control group tells."""

import contextlib
import os
import stat
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .limits import MB, Limits
from .sandbox import Sandbox

KEPT = 720
TICKS = os.sysconf("SC_CLK_TCK")
IN_MEMORY = ("/tmp", "/dev/shm", "/run")


@dataclass(frozen=True)
class Usage:
    memory: int
    """Bytes of memory that is the sandbox's own: pages shared with files are not counted."""
    cpu_s: float


def process_ids(root: int) -> list[int]:
    """A process and all its descendants, by the host's ids."""
    found: list[int] = []
    todo = [root]
    while todo:
        pid = todo.pop()
        try:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
        found.append(pid)
    return found


def usage(root: int) -> Usage:
    """What the tree under `root` uses now, files that live in memory included.

    Pages that processes share since a fork are counted for each: never too little, and quick.
    """
    return _usage(root, "status", ("RssAnon:", "RssShmem:"))


def exact_usage(root: int) -> Usage:
    """The same with each page counted once; takes a millisecond or so a process."""
    return _usage(root, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))


def _usage(root: int, file: str, fields: tuple[str, ...]) -> Usage:
    memory, ticks = 0, 0
    pids = process_ids(root)
    for pid in pids:
        try:
            told = Path(f"/proc/{pid}/{file}").read_text()
            times = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        memory += sum(int(line.split()[1]) for line in told.splitlines() if line.startswith(fields)) * 1024
        ticks += int(times[11]) + int(times[12])
    return Usage(memory + _tmpfs(pids) + deleted_files(pids).memory, ticks / TICKS)


def _tmpfs(pids: list[int]) -> int:
    for pid in reversed(pids):  # the outermost process has the host's root
        total = 0
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/root").samefile("/"):  # not in a jail: these are everybody's
                return 0
            for place in IN_MEMORY:
                found = os.statvfs(f"/proc/{pid}/root{place}")
                total += (found.f_blocks - found.f_bfree) * found.f_frsize
            return total
    return 0


@dataclass(frozen=True)
class Deleted:
    """Bytes of files that are open and have no name any more."""

    disk: int
    memory: int
    """Made by `memfd_create`."""


def deleted_files(pids: list[int]) -> Deleted:
    found: dict[tuple[int, int], int] = {}
    memory: set[tuple[int, int]] = set()
    for path in (path for pid in pids for path in _descriptors(pid)):
        try:
            named = str(path.readlink())
            if not named.endswith(" (deleted)") or named.startswith(tuple(f"{place}/" for place in IN_MEMORY)):
                continue
            file = path.stat()
        except OSError:
            continue
        if stat.S_ISREG(file.st_mode):
            key = (file.st_dev, file.st_ino)
            found[key] = file.st_blocks * 512
            if named.startswith("/memfd:"):
                memory.add(key)
    in_memory = sum(found[key] for key in memory)
    return Deleted(sum(found.values()) - in_memory, in_memory)


def _descriptors(pid: int) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from Path(f"/proc/{pid}/fd").iterdir()


class Meter:
    """The recent samples of each sandbox, as E2B's metrics call reports them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._samples: defaultdict[str, deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._last: dict[str, tuple[float, float]] = {}
        self.cpu_count = os.cpu_count() or 1

    def samples(self, sandbox: Sandbox) -> list[dict[str, Any]]:
        return list(self._samples[sandbox.id])

    def record(self, sandbox: Sandbox, used: Usage, disk: int) -> None:
        now = time.time()
        before, cpu_before = self._last.get(sandbox.id, (sandbox.started_at, 0.0))
        share = max(0.0, (used.cpu_s - cpu_before) / max(now - before, 0.001) * 100)
        self._last[sandbox.id] = (now, used.cpu_s)
        self._samples[sandbox.id].append(
            {
                "timestamp": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
                "timestampUnix": int(now),
                "cpuCount": self.cpu_count,
                "cpuUsedPct": round(share, 2),
                "memUsed": used.memory,
                "memTotal": self._limits.memory_mb * MB,
                "memCache": 0,
                "diskUsed": disk,
                "diskTotal": self._limits.disk_mb * MB,
            }
        )

    def forget_all_but(self, ids: set[str]) -> None:
        for gone in self._last.keys() - ids:
            self._last.pop(gone, None)
            self._samples.pop(gone, None)
