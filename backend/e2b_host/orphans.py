"""Processes that a killed host left in its sandboxes.

A jail dies with its host, but not at the same instant; until then its files are not to be booted anew.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_S, LONGEST_S = 2.0, 5.0
EVERY_S = 0.02


def outlived(sandbox_ids: Iterable[str]) -> set[str]:
    """Wait for the processes in these sandboxes to end, kill those that do not, and tell which sandboxes still have some."""
    marks = {f"/sandboxes/{sandbox_id}/": sandbox_id for sandbox_id in sandbox_ids}
    began = time.monotonic()
    while marks and (found := _inside(marks)):
        waited = time.monotonic() - began
        if waited > LONGEST_S:
            return set(found.values())
        if waited > PATIENCE_S:
            for pid in found:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(EVERY_S)
    return set()


def _inside(marks: dict[str, str]) -> dict[int, str]:
    """Processes by the sandbox whose directory they have mounted."""
    found: dict[int, str] = {}
    for mounts in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            text = mounts.read_text(errors="replace")
        except OSError:
            continue
        for mark, sandbox_id in marks.items():
            if mark in text:
                found[int(mounts.parent.name)] = sandbox_id
    return found
