"""Folders of the cache: built beside their place, put in force by one rename, never half there."""

import contextlib
import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.domain import Unavailable

Progress = Callable[[str, float | None], None]
"""Called with what is being done and how far it is, from 0 to 1, or None where that is unknown."""

FORGET_AFTER_S = 14 * 24 * 3600
_LOCK_POLL_S = 0.5
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def built(target: Path, build: Callable[[Path], None], progress: Progress) -> Path:
    """`target`, made by `build(folder)` in a temporary folder when it is not there yet.

    Safe against other processes and against being killed at any moment. Raises `Unavailable` when the disk does not take it.
    """
    with disk_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target, progress):
            if not target.is_dir():
                _build(target, build)
            os.utime(target)
            _forget_old(target)
    return target


def _build(target: Path, build: Callable[[Path], None]) -> None:
    draft = target.with_name(f"{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        build(draft)
        draft.chmod(0o755)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


@contextlib.contextmanager
def _locked(target: Path, progress: Progress) -> Iterator[None]:
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    progress("Waiting for another CodeFlow process that prepares the same files", None)
                waiting = True
                time.sleep(_LOCK_POLL_S)
        yield


def _forget_old(target: Path) -> None:
    """Remove what earlier versions of the same part left and nobody used for two weeks."""
    kind = target.name.rpartition("-")[0]
    for other in target.parent.glob(f"{kind}-*"):
        if other.is_dir() and other != target and time.time() - other.stat().st_mtime > FORGET_AFTER_S:
            shutil.rmtree(other, ignore_errors=True)
            other.with_name(f"{other.name}.lock").unlink(missing_ok=True)


@contextlib.contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn an `OSError` of writing under `place` into `Unavailable`."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise no_room(place) from error
        raise Unavailable(
            f"Cannot write to {place}: {error.strerror or error}. Make it writable, or set CODEFLOW_CACHE_DIR to another directory."
        ) from error


def no_room(place: Path) -> Unavailable:
    free = shutil.disk_usage(_existing(place)).free / 1e9
    return Unavailable(
        f"The disk is full: {free:.1f} GB free at {place}. Nothing unfinished was kept. "
        "Free at least 3 GB, or set CODEFLOW_CACHE_DIR to a larger disk, and start again."
    )


def _existing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place
