"""Shared by all tests: which files come first, and that in CI nothing may be skipped."""

import os
from collections import defaultdict
from pathlib import Path

import pytest

pytest_plugins = ["tests.sandboxes", "tests.supabase.fixtures"]

DEAR = {"sandbox": 2, "browser": 1}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that boot sandboxes or browsers first: what is left at the end is short, and keeps every process busy."""
    dear: dict[Path, int] = defaultdict(int)
    for item in items:
        dear[item.path] = max(dear[item.path], sum(DEAR.get(mark.name, 0) for mark in item.iter_markers()))
    items.sort(key=lambda item: -dear[item.path])


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped and session.exitstatus == 0:
        print("\nIn CI a skipped test is a failed one:", *(str(r.longrepr) for r in skipped), sep="\n  ")
        session.exitstatus = 1
