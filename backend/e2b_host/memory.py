"""How much memory is left: of the machine, and of the container or service the host runs in."""

from collections.abc import Iterator
from pathlib import Path

from .limits import MB

LOW = 1024 * MB
"""With less than this left, what nobody uses at the moment gives way: first the pool, then the frozen sandboxes."""
ENOUGH = 2048 * MB
"""The pool does not grow while less is left."""
MOUNTS = Path("/sys/fs/cgroup")
V2 = ("memory.max", "memory.current", ("inactive_file", "active_file"))
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file"))


def free_memory() -> int | None:
    """Bytes that can be had without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return min([*found, *_left_in_groups(MOUNTS)], default=None)


def _left_in_groups(mounts: Path) -> Iterator[int]:
    """What each control group around this process has left."""
    try:
        groups = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in groups:
        if controllers in ("", "memory"):
            top, files = (mounts, V2) if controllers == "" else (mounts / "memory", V1)
            group = top / path.lstrip("/")
            for folder in (group, *group.parents):
                if folder.is_relative_to(top) and (left := _left(folder, *files)) is not None:
                    yield left


def _left(folder: Path, limit: str, usage: str, droppable: tuple[str, ...]) -> int | None:
    try:
        most = int((folder / limit).read_text())
        fields = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return most - int((folder / usage).read_text()) + sum(int(fields[name]) for name in droppable)
    except (OSError, ValueError, KeyError):  # no such group here, or no limit ("max")
        return None
