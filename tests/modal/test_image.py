"""What containers are made of, and what a snapshot of their memory holds."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from backend.config import ROOT
from modal_app import FOLDERS, PYTHON

READY = """
import os, sys, threading
before = set(os.listdir("/proc/self/fd"))
from backend.runs.hosted import preload
preload()
assert sys.modules["backend"].__file__.startswith(os.getcwd()), "the code is another's"
assert "pydantic_ai" in sys.modules and "e2b" in sys.modules
assert threading.active_count() == 1, threading.enumerate()
assert set(os.listdir("/proc/self/fd")) == before, "something was opened"

from backend.agent.prompts import prompt
from backend.workspace.starter import starter_files
assert starter_files() and prompt("coder")
import modal_app
"""


def test_a_worker_has_all_it_needs_and_is_asleep_when_its_snapshot_is_taken(tmp_path: Path) -> None:
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    shutil.copy(ROOT / "modal_app.py", tmp_path)
    subprocess.run(
        [sys.executable, "-c", READY], check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )


def test_every_package_that_is_declared_is_installed_in_containers_and_spaces() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {_name(requirement) for requirement in declared}
    assert names <= set(_pinned())


def test_a_space_is_started_as_it_was_tested() -> None:
    _, front, _ = (ROOT / "docs" / "space.md").read_text().split("---\n", 2)
    space = yaml.safe_load(front)
    assert space["sdk_version"] == _pinned()["gradio"]
    assert space["python_version"] == PYTHON
    assert (ROOT / space["app_file"]).is_file()


def _pinned() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return {_name(line): line.split("==")[1].split()[0] for line in lines if not line.startswith("#")}


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found.group()).lower()
