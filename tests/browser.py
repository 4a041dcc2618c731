"""The browser tests drive: the one the product finds for its checks."""

from functools import cache

from backend.config import Settings
from backend.workspace.provision import find_browser
from backend.workspace.provision_browser import IN_SANDBOX, browser_for
from backend.workspace.provision_node import node_runtime


@cache
def browser_executable() -> str:
    """The machine's Chromium, else the one fetched from the npm registry."""
    settings = Settings()
    if found := find_browser(settings):
        return str(found)
    browser = browser_for(settings, node_runtime(), lambda _message, _fraction: None)
    assert browser.mount
    return browser.executable.replace(IN_SANDBOX, str(browser.mount))
