"""What a sandbox takes, held by the kernel: a control group for each, below the host's own.

Version 2 where an ancestor of the host's group lends its controllers to groups this user may make (root, or a session or
scope that systemd delegated); version 1 where its hierarchies are writable. The groups of one host stand in a group
named after its process, so that a later host removes what a killed one left.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .limits import MB, Limits

MOUNTS = Path("/sys/fs/cgroup")
PREFIX = "e2b-host-"
NEEDED = ("memory", "pids")
OPTIONAL = ("cpu", "cpuacct")
CLOSE_S, CLOSE_EVERY_S = 2.0, 0.02
SHARES_V1, WEIGHT_V2 = 1024, 100
"""The kernel's own defaults: sandboxes weigh the same among themselves."""
BUSY_A_CORE = 4
"""A sandbox is a dev server, a compiler and a browser: one task's share for all of them would starve them on a busy machine."""


@dataclass(frozen=True)
class GroupUsage:
    memory: int
    """Bytes that cannot be dropped: processes, tmpfs, and where it is told the kernel's."""
    cpu_s: float | None
    """None where no controller tells."""


@dataclass(frozen=True)
class _Version:
    writes: Mapping[str, Mapping[str, str]]
    """By controller: files and what is written to them; `{memory}` in bytes, `{processes}`."""
    memory: tuple[str, ...]
    """Fields of `memory.stat` that make up the memory in use."""
    killed: str
    """The file with the field `oom_kill`."""


_V1 = _Version(
    {
        "memory": {"memory.limit_in_bytes": "{memory}", "memory.memsw.limit_in_bytes": "{memory}"},
        "pids": {"pids.max": "{processes}"},
    },
    ("total_rss", "total_shmem"),
    "memory.oom_control",
)
_V2 = _Version(
    {"memory": {"memory.max": "{memory}", "memory.swap.max": "0"}, "pids": {"pids.max": "{processes}"}},
    ("anon", "shmem", "kernel"),
    "memory.events",
)


class NoCgroups(Exception):
    """This host cannot make groups; the message says why."""


class Cgroups:
    """`homes`: by controller, the directory in which this host's sandboxes get their groups."""

    def __init__(self, homes: Mapping[str, Path], version: _Version) -> None:
        self._homes = homes
        self._version = version

    @classmethod
    def find(cls, mounts: Path = MOUNTS, own: str | None = None) -> "Cgroups":
        """Make this host's group. `own`: what `/proc/self/cgroup` says. Raises `NoCgroups`."""
        paths = _paths(own if own is not None else Path("/proc/self/cgroup").read_text())
        try:
            if (mounts / "cgroup.controllers").exists():
                return cls(_homes_v2(mounts, paths.get("", "/")), _V2)
            return cls(_homes_v1(mounts, paths), _V1)
        except OSError as error:
            raise NoCgroups(f"{error.filename} cannot be used: {error.strerror}") from error

    @property
    def fair(self) -> bool:
        """Whether sandboxes share the processors evenly."""
        return "cpu" in self._homes

    def make(self, name: str, limits: Limits) -> None:
        """A group with its limits; raises OSError."""
        values = {"memory": limits.memory_mb * MB, "processes": limits.processes}
        for controller, group in self._groups(name):
            group.mkdir(exist_ok=True)
            for file, value in self._version.writes.get(controller, {}).items():
                with contextlib.suppress(FileNotFoundError):  # swap is not always counted
                    (group / file).write_text(value.format(**values))

    def place(self, name: str, pid: int) -> None:
        """Move a process, and with it all it will start, into the group."""
        for _, group in self._groups(name):
            (group / "cgroup.procs").write_text(str(pid))

    @property
    def names(self) -> set[str]:
        """The sandboxes that have a group, those among them whose processes have ended."""
        return {group.name for group in _below(self._homes["memory"])}

    def usage(self, name: str) -> GroupUsage:
        """Raises OSError when the group is gone."""
        memory = self._homes["memory"] / name / "memory.stat"
        fields = _fields(memory.read_text())
        return GroupUsage(sum(fields.get(field, 0) for field in self._version.memory), self._cpu_s(name))

    def killed(self, name: str) -> int:
        """How many of its processes the kernel has ended for want of memory."""
        try:
            return _fields((self._homes["memory"] / name / self._version.killed).read_text()).get("oom_kill", 0)
        except OSError:
            return 0

    def forks_refused(self, name: str) -> int:
        """How often a process more than its limit was asked for."""
        try:
            return _fields((self._homes["pids"] / name / "pids.events").read_text()).get("max", 0)
        except OSError:
            return 0

    def remove_all_but(self, names: Iterable[str]) -> None:
        """Remove the groups of sandboxes that are gone; one whose processes are still ending, the next time."""
        kept = set(names)
        for home in set(self._homes.values()):
            for group in _below(home):
                if group.name not in kept:
                    with contextlib.suppress(OSError):
                        group.rmdir()

    def close(self) -> None:
        """Remove the host's groups. Its sandboxes have been killed, and may take a moment to be gone."""
        deadline = time.monotonic() + CLOSE_S
        left = set(self._homes.values())
        while left and time.monotonic() < deadline:
            self.remove_all_but(())
            for home in list(left):
                with contextlib.suppress(OSError):
                    home.rmdir()
                    left.remove(home)
            if left:
                time.sleep(CLOSE_EVERY_S)

    def _cpu_s(self, name: str) -> float | None:
        with contextlib.suppress(OSError):
            if "cpuacct" in self._homes:
                return int((self._homes["cpuacct"] / name / "cpuacct.usage").read_text()) / 1e9
            return _fields((self._homes["memory"] / name / "cpu.stat").read_text())["usage_usec"] / 1e6
        return None

    def _groups(self, name: str) -> list[tuple[str, Path]]:
        return [(controller, home / name) for controller, home in self._homes.items()]


def _paths(own: str) -> dict[str, str]:
    """The path of a process's group by controller; version 2's by ""."""
    found: dict[str, str] = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        found |= dict.fromkeys(controllers.split(","), path)
    return found


def _homes_v1(mounts: Path, paths: Mapping[str, str]) -> dict[str, Path]:
    homes: dict[str, Path] = {}
    for controller in (*NEEDED, *OPTIONAL):
        if not (mounts / controller).is_dir():
            if controller in NEEDED:
                raise NoCgroups(f"the kernel's controller {controller} is not mounted below {mounts}")
            continue
        inside = mounts / controller / paths.get(controller, "/").lstrip("/")
        base = inside if inside.is_dir() else mounts / controller  # a container sees its own group as the root
        try:
            homes[controller] = _home(base)
        except OSError:
            if controller in NEEDED:
                Cgroups(homes, _V1).close()
                raise
    if "cpu" in homes:
        _let_cores_count(homes["cpu"] / "cpu.shares", SHARES_V1)
    return homes


def _homes_v2(mounts: Path, own: str) -> dict[str, Path]:
    inside = mounts / own.lstrip("/")
    for base in (inside, *inside.parents):
        if not base.is_relative_to(mounts):
            break
        lent = _words(base / "cgroup.subtree_control")
        if not os.access(base, os.W_OK) or not os.access(base / "cgroup.procs", os.W_OK) or not lent.issuperset(NEEDED):
            continue
        home = _home(base)
        controllers = [name for name in (*NEEDED, "cpu") if name in lent]
        (home / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))
        if "cpu" in controllers:
            _let_cores_count(home / "cpu.weight", WEIGHT_V2)
        return dict.fromkeys(controllers, home)
    raise NoCgroups("no group above this process lends memory and pids to groups of this user")


def _home(base: Path) -> Path:
    for left in base.glob(f"{PREFIX}*"):
        if not Path("/proc", left.name.removeprefix(PREFIX)).exists():
            for folder in (*_below(left), left):
                with contextlib.suppress(OSError):
                    folder.rmdir()
    home = base / f"{PREFIX}{os.getpid()}"
    home.mkdir(exist_ok=True)
    return home


def _let_cores_count(file: Path, one: int) -> None:
    """All sandboxes together weigh as much as `BUSY_A_CORE` busy processes on every core."""
    with contextlib.suppress(OSError):
        file.write_text(str(min(10_000, one * BUSY_A_CORE * (os.cpu_count() or 1))))


def _below(group: Path) -> list[Path]:
    try:
        return [folder for folder in group.iterdir() if folder.is_dir()]
    except OSError:
        return []


def _fields(text: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"^(\S+) (\d+)$", text, re.MULTILINE)}


def _words(file: Path) -> set[str]:
    try:
        return set(file.read_text().split())
    except OSError:
        return set()
