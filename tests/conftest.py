"""Shared by all tests: that in CI nothing may be skipped."""

import os

import pytest

pytest_plugins = ["tests.sandboxes", "tests.supabase.fixtures"]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped and session.exitstatus == 0:
        print("\nIn CI a skipped test is a failed one:", *(str(r.longrepr) for r in skipped), sep="\n  ")
        session.exitstatus = 1
