"""The simulated server in a thread of its own, and a browser on its page."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.browser import browser_executable
from tests.ui.simulator import Simulator, serve

PACE = 0.01
WATCHED_PACE = 0.12
"""Of runs that are watched while they go on."""
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


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="module")
def address(stage: Stage) -> str:
    """Where a path without a host leads."""
    return stage.url


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A browser's folder, in which it keeps what it fetched and compiled. It offers to fill in nothing that was typed before."""
    folder = tmp_path_factory.mktemp("profile")
    (folder / "Default").mkdir()
    preferences = {"autofill": {"profile_enabled": False}, "credentials_enable_service": False}
    (folder / "Default" / "Preferences").write_text(json.dumps(preferences))
    return folder


@pytest.fixture(scope="module")
def browser(profile: Path, address: str) -> Iterator[BrowserContext]:
    """One for many tests, as a cold cache costs more than most of them; its first tab stays open."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=browser_executable(), args=["--no-sandbox"], base_url=address
        )
        browser.set_default_timeout(PATIENCE_MS)
        yield browser
        browser.close()


@contextlib.contextmanager
def fresh_page(browser: BrowserContext, width: int, height: int, *own: str) -> Iterator[tuple[Page, list[str]]]:
    """A page of somebody who was never here, and what is wrong with it: an uncaught error, a request to anybody but `own`."""
    browser.clear_cookies()
    browser.clear_permissions()
    storage = browser.new_cdp_session(browser.pages[0])
    for origin in own:
        storage.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    storage.detach()
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    theirs = (*own, "data:", "blob:", "about:")
    page.on("request", lambda request: None if request.url.startswith(theirs) else wrong.append(request.url))
    try:
        yield page, wrong
    finally:
        for opened in browser.pages[1:]:
            opened.close()
    assert not wrong


@contextlib.contextmanager
def opened(browser: BrowserContext, stage: Stage, width: int, height: int) -> Iterator[Page]:
    """A fresh page on the landing page."""
    with fresh_page(browser, width, height, stage.url, stage.sim.preview_url) as (page, _):
        page.goto("/")
        page.wait_for_selector("body[data-ready]")
        yield page


@pytest.fixture
def page(browser: BrowserContext, stage: Stage) -> Iterator[Page]:
    stage.sim.reset()
    with opened(browser, stage, 1440, 900) as page:
        yield page
