"""All levels side by side, and one report."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from backend.checks.browser import MAX_PAGES, Opened, check_in_browser
from backend.checks.level import could_not_run
from backend.checks.report import merged
from backend.checks.routes import check_routes
from backend.checks.types import check_types
from backend.domain import CheckLevel
from backend.telemetry import span
from backend.workspace.contract import Checked, Workspace
from backend.workspace.routes import page_routes

T = TypeVar("T")


async def check(workspace: Workspace) -> Checked:
    """Look at the running app at every level. Raises `SandboxLost` when there is no sandbox to look in."""
    pages = list(dict.fromkeys(["/", *page_routes(workspace.files)]))
    typing = asyncio.create_task(_timed(CheckLevel.TYPES, check_types(workspace)))
    serving = asyncio.create_task(_timed(CheckLevel.ROUTES, check_routes(workspace)))
    opening = asyncio.create_task(_timed(CheckLevel.BROWSER, check_in_browser(workspace, pages[:MAX_PAGES])))
    try:
        served, served_ms = await serving
        if served.renewed:
            await _end(opening)
            again = check_in_browser(workspace, pages[:MAX_PAGES], afresh=True)
            opening = asyncio.create_task(_timed(CheckLevel.BROWSER, again))
        opened, opened_ms = (_not_opened(), 0) if served.down else await opening
        types, types_ms = await typing
    finally:
        await _end(typing, serving, opening)
    levels = [
        replace(types, duration_ms=types_ms),
        replace(served.found, duration_ms=served_ms),
        replace(opened.found, duration_ms=opened_ms),
    ]
    photos = opened.photos
    return Checked(merged(levels, pages, photos), [photos.desktop, photos.phone] if photos else [])


def _not_opened() -> Opened:
    """What the browser saw means nothing when the server was down or restarted under it."""
    why = "the dev server was down or hanging, and that must be repaired first."
    return Opened(could_not_run(CheckLevel.BROWSER, "The pages were not opened in a browser", why))


async def _timed(level: CheckLevel, check: Awaitable[T]) -> tuple[T, int]:
    started = time.monotonic()
    with span(f"check {level.value}"):
        return await check, round((time.monotonic() - started) * 1000)


async def _end(*tasks: asyncio.Task) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
