"""The simulated server in a thread of its own, and a browser on its page."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import browser_executable
from tests.ui.simulator import Simulator, serve

PACE = 0.12
PATIENCE_MS = 60_000
"""Nothing here waits for a time; a busy machine is waited for."""
expect.set_options(timeout=PATIENCE_MS)


class Stage:
    """The simulator, served; `url` is the page's."""

    def __init__(self) -> None:
        self.port, preview_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.sim = Simulator(preview_port, PACE)
        threading.Thread(target=lambda: asyncio.run(serve(self.port, preview_port, self.sim)), daemon=True).start()
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                httpx.get(self.url).raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("the simulated server did not start")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, stage: Stage) -> Iterator[Page]:
    """A fresh browser on the landing page. Fails on an uncaught error, and on a request to anybody else."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    own = (stage.url, stage.sim.preview_url, "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    page.goto(stage.url)
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()
    assert not wrong
