"""The pages' simulator in a thread of its own, and visits to it that fail on what nobody should see."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Page

from tests.ui.conftest import free_port, fresh_page
from tests.ui.pages_simulator import PagesSimulator, serve

REFUSED = "Failed to load resource: the server responded with a status of "
"""Chromium's note of every refusal: not the page's fault."""


class Site:
    def __init__(self) -> None:
        port, preview_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.sim = PagesSimulator(f"http://3000-shared.localhost:{preview_port}/")
        threading.Thread(target=lambda: asyncio.run(serve(port, preview_port, self.sim)), daemon=True).start()
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/signin").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("the simulated pages did not start")

    def posted(self, path: str) -> list[dict[str, Any]]:
        return [body for called, body in self.sim.calls if called == path]


@contextlib.contextmanager
def visit(browser: BrowserContext, site: Site) -> Iterator[Page]:
    """A fresh page. Fails on an error in the console too."""
    with fresh_page(browser, 1280, 800, site.url, site.sim.preview_url) as (page, wrong):
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text) if said.type == "error" and not said.text.startswith(REFUSED) else None
            ),
        )
        yield page
