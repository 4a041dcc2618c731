"""Shared by all tests: which process runs which files, and that in CI nothing may be skipped."""

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["tests.sandboxes", "tests.supabase.fixtures"]

DEAR = {"sandbox": 2, "browser": 1}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that boot sandboxes or browsers first."""
    dear: dict[Path, int] = defaultdict(int)
    for item in items:
        dear[item.path] = max(dear[item.path], sum(DEAR.get(mark.name, 0) for mark in item.iter_markers()))
    items.sort(key=lambda item: -dear[item.path])


class FromBothEnds(LoadFileScheduling):
    """One process begins with the dear files, the others with the cheap ones: two that boot sandboxes at the same time
    take more than twice as long."""

    def _assign_work_unit(self, node: Any) -> None:
        if node is not self.nodes[0]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FromBothEnds:
    return FromBothEnds(config, log)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped and session.exitstatus == 0:
        print("\nIn CI a skipped test is a failed one:", *(str(r.longrepr) for r in skipped), sep="\n  ")
        session.exitstatus = 1
