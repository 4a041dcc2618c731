"""Where control groups are made, in trees of both versions as systemd and containers have them."""

import os
from pathlib import Path

import pytest

from backend.e2b_host.cgroups import PREFIX, Cgroups, NoCgroups
from backend.e2b_host.limits import MB, Limits

OWN = f"{PREFIX}{os.getpid()}"
LIMITS = Limits(memory_mb=100, processes=7)


def group(path: Path, lends: str = "") -> Path:
    path.mkdir(parents=True)
    (path / "cgroup.subtree_control").write_text(lends)
    (path / "cgroup.procs").write_text("")
    return path


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    """A terminal of a user session: its scope lends nothing, the slice above it does."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    slice = group(tmp_path / "user.slice/app.slice", "cpu memory pids")
    group(slice / "terminal.scope")
    return tmp_path


def test_version_2_uses_the_nearest_group_that_lends_its_controllers(unified: Path) -> None:
    groups = Cgroups.find(unified, "0::/user.slice/app.slice/terminal.scope\n")
    home = unified / "user.slice/app.slice" / OWN
    groups.make("one", LIMITS)
    groups.place("one", 4711)
    assert groups.fair
    assert (home / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    written = {file.name: file.read_text() for file in (home / "one").iterdir()}
    assert written == {
        "memory.max": str(100 * MB), "memory.swap.max": "0", "pids.max": "7", "cgroup.procs": "4711",
    }  # fmt: skip
    (home / "one/memory.stat").write_text("anon 5\nfile 100\nshmem 2\nkernel 1\n")
    (home / "one/memory.events").write_text("max 9\noom_kill 3\n")
    (home / "one/cpu.stat").write_text("usage_usec 2500000\n")
    assert groups.usage("one").memory == 8
    assert groups.usage("one").cpu_s == 2.5
    assert groups.killed("one") == 3


def test_version_2_without_a_lending_group_says_so(unified: Path) -> None:
    (unified / "user.slice/app.slice/cgroup.subtree_control").write_text("memory")
    with pytest.raises(NoCgroups, match="lends memory and pids"):
        Cgroups.find(unified, "0::/user.slice/app.slice/terminal.scope\n")


def test_version_1_needs_memory_and_processes(tmp_path: Path) -> None:
    group(tmp_path / "memory/own")
    with pytest.raises(NoCgroups, match="pids is not mounted"):
        Cgroups.find(tmp_path, "4:memory:/own\n")
    group(tmp_path / "pids")
    groups = Cgroups.find(tmp_path, "4:memory:/own\n3:pids:/elsewhere/in/a/container\n")
    groups.make("one", LIMITS)
    assert not groups.fair
    assert (tmp_path / "memory/own" / OWN / "one/memory.limit_in_bytes").read_text() == str(100 * MB)
    assert (tmp_path / "pids" / OWN / "one/pids.max").read_text() == "7"


def test_what_a_killed_host_left_is_removed_by_the_next(unified: Path) -> None:
    left = unified / "user.slice/app.slice" / f"{PREFIX}999999999"
    (left / "one").mkdir(parents=True)
    alive = unified / "user.slice/app.slice" / f"{PREFIX}1"
    alive.mkdir()
    Cgroups.find(unified, "0::/user.slice/app.slice/terminal.scope\n")
    assert not left.exists()
    assert alive.exists()
