"""E2B's JavaScript SDK, from npm and unchanged, against the host."""

import json
import os
import subprocess

import pytest

from .conftest import Host
from .javascript import CLIENT, installed

pytestmark = pytest.mark.sandbox

STEPS = (
    "commands",
    "background",
    "terminal",
    "files",
    "metadata",
    "watching",
    "signed_urls",
    "git",
    "life",
    "copies",
    "end",
)


@pytest.fixture(scope="module")
def outcome(host: Host) -> dict[str, str | None]:
    """What went wrong with each step."""
    node, packages = installed()
    done = subprocess.run(
        [node.executable, CLIENT],
        capture_output=True,
        text=True,
        timeout=240,
        env={
            "PATH": os.environ["PATH"],
            "E2B_PACKAGES": str(packages),
            "E2B_API_KEY": host.facts["api_key"],
            "E2B_DOMAIN": host.facts["domain"],
            "HOST_URL": host.url,
        },
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("step", STEPS)
def test_javascript_sdk_works_unchanged(outcome: dict[str, str | None], step: str) -> None:
    assert outcome[step] is None, outcome[step]


def test_no_step_goes_unseen(outcome: dict[str, str | None]) -> None:
    assert tuple(outcome) == STEPS
