"""Copies of sandboxes' disks, from which new sandboxes begin."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .layout import OVERLAYS, ROOT, UPPER, WORK, remove_tree
from .machine import BootError
from .names import new_snapshot_id
from .records import write_privately

log = logging.getLogger(__name__)

NAME = "snapshot.json"


@dataclass(frozen=True)
class Snapshot:
    id: str
    names: tuple[str, ...]
    template: str
    """The template its sandboxes have mounts, environment and start command from."""
    mounts: tuple[str, ...]
    """That template's; the disk fits no others."""
    sandbox_id: str
    """Where it was taken."""
    created_at: float
    size: int
    """Bytes of disk."""


_adapter = TypeAdapter(Snapshot)


class Snapshots:
    """Those of one data directory, of earlier hosts too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: dict[str, Snapshot] = {}
        for place in folder.iterdir():
            self._load(place)

    def __iter__(self) -> Iterator[Snapshot]:
        """Newest first."""
        return iter(sorted(self._all.values(), key=lambda snapshot: snapshot.created_at, reverse=True))

    def find(self, name: str) -> Snapshot | None:
        """By id, or the newest that has the name."""
        return self._all.get(name) or next((snapshot for snapshot in self if name in snapshot.names), None)

    def place(self, snapshot: Snapshot) -> Path:
        return self._folder / snapshot.id

    def copy(
        self, disk: Path, *, name: str | None, sandbox_id: str, template: str, mounts: tuple[str, ...]
    ) -> Snapshot:
        """Copy a sandbox's directory, in which nothing may write meanwhile; until it is kept, no later host knows of it.

        Raises `BootError`; call in a thread.
        """
        snapshot_id = new_snapshot_id()
        place = self._folder / snapshot_id
        try:
            copy_disk(disk, place)
        except (BootError, OSError) as error:
            remove_tree(place)
            raise BootError(f"the snapshot could not be taken: {error}") from error
        return Snapshot(
            id=snapshot_id,
            names=(name,) if name else (),
            template=template,
            mounts=mounts,
            sandbox_id=sandbox_id,
            created_at=time.time(),
            size=disk_size(place),
        )

    def keep(self, snapshot: Snapshot) -> None:
        """Let it be found, also by later hosts, and be what its name means. Raises `BootError`; call in a thread."""
        try:
            write_privately(self.place(snapshot) / NAME, _adapter.dump_json(snapshot))
        except OSError as error:
            remove_tree(self.place(snapshot))
            raise BootError(f"the snapshot could not be taken: {error}") from error
        before = [other for other in self if {*other.names} & {*snapshot.names}]
        self._all[snapshot.id] = snapshot
        for other in before:
            remove_tree(self.forget(other))

    def forget(self, snapshot: Snapshot) -> Path:
        """Its directory, which is the caller's to remove; a later host would."""
        self._all.pop(snapshot.id, None)
        (self.place(snapshot) / NAME).unlink(missing_ok=True)
        return self.place(snapshot)

    def _load(self, place: Path) -> None:
        try:
            snapshot = _adapter.validate_json((place / NAME).read_bytes())
            if snapshot.id != place.name:
                raise ValueError("its description is another's")
        except FileNotFoundError:
            remove_tree(place)
        except (OSError, ValueError, ValidationError) as error:
            log.error("snapshot %s is dropped: it cannot be read: %s", place.name, error)
            remove_tree(place)
        else:
            self._all[snapshot.id] = snapshot


def copy_disk(source: Path, target: Path) -> None:
    """Copy what a sandbox's directory holds of its own; blocks are shared where the file system can. Raises `BootError`."""
    target.mkdir()
    for part in (source / ROOT, *source.glob(f"{OVERLAYS}/*/{UPPER}")):
        place = target / part.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if part.name == UPPER:
            place.with_name(WORK).mkdir()
        share = ["--reflink=auto"] if sys.platform == "linux" else []
        done = subprocess.run(["cp", "-a", *share, str(part), str(place)], capture_output=True)
        if done.returncode != 0:
            raise BootError(f"the files cannot be copied: {done.stderr.decode(errors='replace').strip()[-500:]}")


def disk_size(folder: Path) -> int:
    """Bytes of disk a tree takes."""
    done = subprocess.run(["du", "-s", "-x", "-k", str(folder)], capture_output=True)
    count = done.stdout.split(b"\t", 1)[0]
    return int(count) * 1024 if count.isdigit() else 0
