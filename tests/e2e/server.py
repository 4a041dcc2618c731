"""The product as a person starts it: `codeflow serve` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

START_TIMEOUT_S = 240


@dataclass
class Server:
    """One `codeflow serve` on a free port, with its own data directory and the machine's download cache."""

    data_dir: Path
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""

    def start(self) -> None:
        self.log = (self.data_dir.parent / f"{self.data_dir.name}.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "serve", "--port", "0"],
            env={**os.environ, "CODEFLOW_DATA_DIR": str(self.data_dir), "AI_PROVIDER": "demo", **self.env},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout
        for line in self.process.stdout:
            if "CodeFlow is at " in line:
                self.url = line.split("CodeFlow is at ")[1].split()[0]
                return
        raise AssertionError(f"codeflow serve ended with {self.process.wait()}: see {self.log.name}")

    def wait_until_set_up(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            setup = self.get("/api/setup")
            if setup["ready"]:
                return
            assert not setup.get("error"), setup
            time.sleep(0.2)
        raise AssertionError("the sandbox host was not ready in time")

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def get(self, path: str) -> Any:
        response = httpx.get(self.url + path, timeout=30)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text[:300]}"
        return response.json()

    def post(self, path: str, body: dict[str, Any], expect: int = 200) -> Any:
        response = httpx.post(self.url + path, json=body, timeout=30)
        assert response.status_code == expect, f"{path}: {response.status_code} {response.text[:300]}"
        return response.json()

    def view(self, project_id: str) -> dict[str, Any]:
        """The project as a page that opens now sees it."""
        with httpx.stream("GET", f"{self.url}/api/projects/{project_id}/events", timeout=30) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    return json.loads(line[5:])["view"]
        raise AssertionError("the event stream ended without a view")

    def wait_for_run(self, project_id: str, run_id: str, timeout_s: float = 150) -> dict[str, Any]:
        """The run's view once it is over."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            run = next(r for r in self.view(project_id)["runs"] if r["id"] == run_id)
            if run["status"] in ("succeeded", "failed", "cancelled"):
                return run
            time.sleep(0.3)
        raise AssertionError(f"run {run_id} was not over after {timeout_s} s")
