"""Sandboxes in the test's own process, as plain processes: for what cannot be brought about from outside in time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backend.e2b_host.layout import Layout
from backend.e2b_host.limits import Limits
from backend.e2b_host.plain import PlainBackend
from backend.e2b_host.sandboxes import Sandboxes


@asynccontextmanager
async def sandboxes_at_hand(folder: Path, *, max_count: int = 10) -> AsyncIterator[Sandboxes]:
    layout = Layout(folder)
    layout.prepare()
    sandboxes = Sandboxes(
        layout=layout,
        backend=PlainBackend(layout),
        templates={},
        limits=Limits(),
        egress=None,
        identities=None,
        max_count=max_count,
    )
    sandboxes.restore()
    try:
        yield sandboxes
    finally:
        await sandboxes.leave()
        layout._lock_file.close()  # as the end of a host's process does  # pyright: ignore[reportPrivateUsage]
