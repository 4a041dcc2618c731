from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.server import Server

expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running CodeFlow for all tests that don't harm it."""
    server = Server(tmp_path_factory.mktemp("codeflow") / "data", {"CODEFLOW_DEMO_PACE": "0.2"})
    server.start()
    try:
        server.wait_until_set_up()
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A CodeFlow of the test's own, not yet started."""
    variables = {"CODEFLOW_DEMO_PACE": "0.1", "CODEFLOW_LEASE": "3", "CODEFLOW_SANDBOX_POOL": "0"}
    server = Server(tmp_path / "data", variables)
    try:
        yield server
    finally:
        server.stop()
