"""The guard of a machine that runs short: it watches processes of this test, told that little is left."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from backend.e2b_host import disk, guard
from backend.e2b_host.guard import Guard
from backend.e2b_host.limits import MB, Limits
from backend.e2b_host.metrics import Meter
from backend.e2b_host.mountpoints import restore, settle

HOLD = "x = bytearray({size} << 20); print('held', flush=True); input()"


@dataclass
class Watched:
    id: str
    pid: int
    plan: Any
    state: str = "running"
    reason: str = ""
    started_at: float = 0.0

    async def kill(self, reason: str) -> None:
        self.state, self.reason = "dead", reason


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[list[Watched]]:
    """Three sandboxes: the second takes most memory, the third most disk."""
    found, processes = [], []
    for name, memory, files in (("small", 1, 0), ("hungry", 120, 0), ("hoarder", 80, 100)):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD.format(size=memory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout
        process.stdout.readline()
        processes.append(process)
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(files * MB))
        found.append(Watched(name, process.pid, SimpleNamespace(folder=tmp_path / name)))
    yield found
    for process in processes:
        process.communicate(b"\n")


async def ended(watched: list[Watched], folder: Path) -> Watched:
    sandboxes = cast(Any, SimpleNamespace(every=watched))
    watching = asyncio.create_task(Guard(sandboxes, Meter(Limits()), Limits(), folder, None).run())
    try:
        async with asyncio.timeout(60):
            while not any(sandbox.reason for sandbox in watched):
                await asyncio.sleep(0.05)
    finally:
        watching.cancel()
    return next(sandbox for sandbox in watched if sandbox.reason)


async def test_machine_short_of_memory_loses_the_sandbox_that_takes_most(
    watched: list[Watched], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "RESERVE_MB", 1 << 30)
    lost = await ended(watched, tmp_path)
    assert lost.id == "hungry"
    assert "MB of memory left, and it took the most" in lost.reason


async def test_host_short_of_disk_loses_the_sandbox_that_grew_most(
    watched: list[Watched], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "RESERVE_MB", 1 << 30)
    lost = await ended(watched, tmp_path)
    assert lost.id == "hoarder"
    assert "the host's disk is nearly full" in lost.reason


def test_links_left_at_a_mounts_place_lead_nowhere(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "home").mkdir(parents=True)
    (root / "home/user").symlink_to(outside)
    (root / "tmp").symlink_to("/oldroot/etc")
    (root / "opt").mkdir()
    (root / "opt/own").symlink_to(outside)
    settle(root, ["/home/user/app/node_modules", "/tmp", "opt"])
    restore(root, ["home/user", "var/log"], None)
    assert (root / "home/user").is_dir()
    assert not (root / "home/user").is_symlink()
    assert not (root / "tmp").is_symlink()
    assert (root / "opt/own").is_symlink()
    assert (root / "var/log").is_dir()
    assert list(outside.iterdir()) == []
