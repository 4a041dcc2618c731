"""Shared by all tests: which run beside each other, and that in CI nothing may be skipped."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.sandboxes", "tests.supabase.fixtures"]

TESTS = Path(__file__).parent
WITH_SANDBOXES = ("checks", "e2b_host", "e2e", "template", "workspace")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` has two processes. What boots sandboxes stays in one of them, and a folder's tests stay together:
    they share what is slow to start.
    """
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(pytest.mark.xdist_group("sandboxes" if folder in WITH_SANDBOXES else folder))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped and session.exitstatus == 0:
        print("\nIn CI a skipped test is a failed one:", *(str(r.longrepr) for r in skipped), sep="\n  ")
        session.exitstatus = 1
