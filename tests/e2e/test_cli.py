"""The terminal does the same run as the page."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CLI = [sys.executable, "-m", "backend.cli"]
VARIABLES = {"AI_PROVIDER": "demo", "CODEFLOW_DEMO_PACE": "0", "CODEFLOW_SANDBOX_POOL": "0"}
"""Nobody waits for a second sandbox."""


def codeflow(*args: str, data_dir: Path, timeout: float = 200, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *args],
        env={**os.environ, "CODEFLOW_DATA_DIR": str(data_dir), **VARIABLES, **env},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.mark.sandbox
def test_run_repairs_what_the_gate_caught_and_builds_changes_and_exports_a_verified_app(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = codeflow("run", "an expense tracker with budgets and charts", "--json", "--exit", data_dir=data)
    assert first.returncode == 0, first.stderr
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    last = lines[-1]
    assert {"tool.finished", "check.finished", "version.committed"} <= {line["type"] for line in lines}
    checks = [line["report"] for line in lines if line["type"] == "check.finished"]
    assert [check["passed"] for check in checks] == [False, True]
    assert {problem["level"] for problem in checks[0]["problems"]} == {"types"}
    assert last["type"] == "run.finished"
    assert (last["status"], last["verified"], last["version"]) == ("succeeded", True, 1)
    assert last["preview_url"].startswith("http://3000-")

    second = codeflow(
        "run", "make the accent colour violet", "--project", last["project_id"], "--json", "--exit", data_dir=data
    )
    assert second.returncode == 0, second.stderr
    assert json.loads(second.stdout.splitlines()[-1])["version"] == 2

    out = tmp_path / "out"
    exported = codeflow("export", last["project_id"], str(out), data_dir=data)
    assert exported.returncode == 0, exported.stderr
    assert (out / "package.json").exists()
    assert (out / "app" / "page.tsx").exists()
    assert not (out / "node_modules").exists()
    again = codeflow("export", last["project_id"], str(out), data_dir=data)
    assert again.returncode == 1
    assert "not empty" in again.stderr


@pytest.mark.parametrize(
    ("prompt", "says"),
    [("   ", "empty"), ("x" * 110_000, "at most 100,000")],
)
def test_bad_prompt_is_refused_in_words(tmp_path: Path, prompt: str, says: str) -> None:
    result = codeflow("run", prompt, "--json", "--exit", data_dir=tmp_path / "data")
    assert result.returncode == 1
    assert says in result.stderr.lower()
    assert "Traceback" not in result.stderr


def test_doctor_names_every_part_and_what_is_in_force(tmp_path: Path) -> None:
    result = codeflow("doctor", "--json", data_dir=tmp_path / "data")
    report = json.loads(result.stdout)
    assert [p["part"] for p in report["parts"]] == [
        "Python",
        "Node",
        "isolation",
        "browser",
        "provider",
        "store",
        "variables",
        "sandbox",
        "disk",
    ]
    provider = next(p for p in report["parts"] if p["part"] == "provider")
    assert "demo" in provider["in_force"]
    assert "OPENAI_API_KEY" in provider["action"]
