"""`python -m benchmarks soak`: sandboxes made, used and ended by the thousand, on one host through E2B's SDK.

Told every so many cycles: what the host holds once it is quiet again. Fails when, from the first report to the last,
processes, file descriptors or disk grow, or the host's memory by more than `RSS_MB`.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from e2b import AsyncSandbox, SandboxException
from rich.console import Console

from backend.config import ROOT
from backend.e2b_host.metrics import process_ids
from backend.e2b_host.snapshots import disk_size

AT_ONCE = 4
POOL = 2
REPORT_EVERY = 100
RSS_MB = 12
"""What the host may grow by: the allocator's rest, and the few things it remembers of past clients."""
DISK_KB = 512
"""The log of the host's own part of the disk, in whole blocks."""
QUIET_S = 120


@dataclass(frozen=True)
class Held:
    """By a host at rest."""

    rss_mb: float
    fds: int
    processes: int
    disk_kb: int


class Soak:
    def __init__(self, process: subprocess.Popen[str], facts: dict[str, Any], data_dir: Path) -> None:
        self._pid = process.pid
        self._data_dir = data_dir
        self._url, self._key = facts["api_url"], facts["api_key"]
        self._connection = {
            "api_key": self._key,
            "api_url": self._url,
            "sandbox_url": self._url,
            "domain": facts["domain"],
        }

    async def run(self, cycles: int, console: Console) -> list[str]:
        """What grew, in words."""
        reports: list[Held] = []
        for first in range(0, cycles, REPORT_EVERY):
            began = time.monotonic()
            numbers = iter(range(first, min(first + REPORT_EVERY, cycles)))
            await asyncio.gather(*(self._work(numbers) for _ in range(AT_ONCE)))
            rate = REPORT_EVERY / (time.monotonic() - began)
            held = await self._at_rest()
            reports.append(held)
            console.print(
                f"{first + REPORT_EVERY:5} cycles  {rate:5.1f}/s  host {held.rss_mb:6.1f} MB  {held.fds:3} fds  "
                f"{held.processes:3} processes  {held.disk_kb:6} KB of disk"
            )
        return grown(reports[0], reports[-1])

    async def _work(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            await self._cycle(number)

    async def _cycle(self, number: int) -> None:
        """One sandbox's life; some are paused, copied, forked, or end by a crash."""
        sandbox = await AsyncSandbox.create("base", timeout=300, metadata={"cycle": str(number)}, **self._connection)
        await sandbox.files.write("/home/user/note", str(number))
        done = await sandbox.commands.run("cat note")
        if done.stdout != str(number):
            raise RuntimeError(f"cycle {number}: the sandbox answered {done.stdout!r}")
        if number % 10 == 3:
            await sandbox.pause(keep_memory=number % 20 == 3)
            await sandbox.connect(timeout=300)
        if number % 25 == 7:
            snapshot = await sandbox.create_snapshot()
            copy = await AsyncSandbox.create(snapshot.snapshot_id, timeout=300, **self._connection)
            await copy.kill()
            await AsyncSandbox.delete_snapshot(snapshot.snapshot_id, **self._connection)
        if number % 50 == 9:
            with suppress(SandboxException):
                await sandbox.commands.run("kill -KILL 2; sleep 5")
        await sandbox.kill()

    async def _at_rest(self) -> Held:
        """Once the pool is full, the files of ended sandboxes are gone and nothing changes any more."""
        before: Held | None = None
        async with asyncio.timeout(QUIET_S), httpx.AsyncClient(trust_env=False) as client:
            while True:
                answer = await client.get(f"{self._url}/capacity", headers={"X-API-KEY": self._key})
                capacity = answer.json()
                held = await asyncio.to_thread(self._held)
                if (capacity["running"], capacity["paused"], capacity["ready"]) == (0, 0, POOL) and held == before:
                    return held
                before = held
                await asyncio.sleep(0.5)

    def _held(self) -> Held:
        status = Path(f"/proc/{self._pid}/status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        return Held(
            rss_mb=round(rss / 1024, 1),
            fds=len(list(Path(f"/proc/{self._pid}/fd").iterdir())),
            processes=len(process_ids(self._pid)) - 1,
            disk_kb=disk_size(self._data_dir) // 1024,
        )


def grown(first: Held, last: Held) -> list[str]:
    found: list[str] = []
    if last.processes > first.processes:
        found.append(f"processes: {first.processes} → {last.processes}")
    if last.fds > first.fds:
        found.append(f"file descriptors: {first.fds} → {last.fds}")
    if last.disk_kb > first.disk_kb + DISK_KB:
        found.append(f"disk: {first.disk_kb} → {last.disk_kb} KB")
    if last.rss_mb > first.rss_mb + RSS_MB:
        found.append(f"memory: {first.rss_mb} → {last.rss_mb} MB, more than {RSS_MB} MB")
    return found


@contextmanager
def host(data_dir: Path) -> Iterator[Soak]:
    command = [sys.executable, "-m", "backend.e2b_host", "--json", "--until-stdin-eof", "--data-dir", str(data_dir)]
    command += ["--pool", f"base={POOL}", "--pool-delay", "0"]
    with (
        (data_dir.parent / "host.log").open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the host did not start: {(data_dir.parent / 'host.log').read_text()}")
        yield Soak(process, json.loads(line), data_dir)


def soak(cycles: int, scratch: Path, console: Console) -> int:
    """The exit status."""
    with host(scratch / "data") as running:
        found = asyncio.run(running.run(cycles, console))
    for what in found:
        console.print(f"grew: {what}")
    return 1 if found else 0
