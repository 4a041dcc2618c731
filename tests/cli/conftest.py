"""The command line in this process, with nothing of the machine's own settings."""

import os

import pytest

from backend.cli.deploy import TRACES
from backend.config import Settings

OF_THE_MACHINE = ("CODEFLOW_CACHE_DIR", "CODEFLOW_CHROMIUM", "CODEFLOW_UNSAFE_LOCAL")
"""What sandboxes are made of here."""


@pytest.fixture(autouse=True)
def without_the_machines_settings(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for field in Settings.model_fields.values():
        if field.alias and field.alias not in OF_THE_MACHINE:
            monkeypatch.delenv(field.alias, raising=False)
    for name in [name for name in os.environ if name.startswith(TRACES)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODEFLOW_DATA_DIR", str(tmp_path / "data"))
