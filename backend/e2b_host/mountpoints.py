"""Where a sandbox's mounts go, made safe on a disk its code has written before.

Bubblewrap follows symbolic links to the places it mounts on, and makes what is missing there, while it still sees the
host's files: a link left at such a place would lead it out.
"""

import os
from collections.abc import Iterable
from pathlib import Path


def settle(root: Path, targets: Iterable[str]) -> None:
    """Remove links on the way to each target below `root`, which nothing uses meanwhile."""
    seen: set[Path] = set()
    for target in targets:
        path = root
        for part in Path(target.lstrip("/")).parts:
            path /= part
            if path not in seen and path.is_symlink():
                path.unlink()
            seen.add(path)


def restore(root: Path, folders: Iterable[str], owner: int | None) -> None:
    """Make the folders that are missing, as `owner`'s; None: one's own."""
    for folder in folders:
        path = root
        for part in Path(folder).parts:
            path /= part
            if not path.exists():
                path.mkdir(mode=0o755)
                if owner is not None:
                    os.chown(path, owner, owner)
