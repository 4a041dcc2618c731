"""The embedded sandbox host as a child process."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.config import ROOT, Settings
from backend.workspace import SandboxUnavailable

_STOP_S = 15
_TOLD_LINES = 20


@dataclass(frozen=True)
class Serving:
    """What the host said when it was ready."""

    api_url: str
    domain: str
    api_key: str
    isolation: dict[str, Any]


class HostTaken(SandboxUnavailable):
    """Another process of this machine serves sandboxes from the same directory."""


class HostProcess:
    """`python -m backend.e2b_host`; ends when this process does, because its stdin does."""

    def __init__(self, process: subprocess.Popen[str], serving: Serving, told: deque[str]) -> None:
        self.serving = serving
        self._process = process
        self._told = told

    @classmethod
    def start(
        cls,
        settings: Settings,
        *,
        data_dir: Path,
        template: Path,
        port: int = 0,
        pool: int = 0,
        egress: Sequence[str] = (),
        envs: Mapping[str, str] | None = None,
        domain: str | None = None,
        bind: str = "127.0.0.1",
        expose_api: bool = False,
    ) -> "HostProcess":
        """`envs`: for every process in its sandboxes. `domain`: what their names end in. Returns when it serves.

        Raises `HostTaken`, or `SandboxUnavailable` with the host's own words.
        """
        command = [sys.executable, "-m", "backend.e2b_host", "--json", "--until-stdin-eof"]
        command += [
            "--port",
            str(port),
            "--data-dir",
            str(data_dir),
            "--template",
            f"{settings.e2b_template}={template}",
        ]
        command += ["--bind", bind, *(("--domain", domain) if domain else ())]
        command += ["--expose-api"] if expose_api else []
        command += ["--pool", f"{settings.e2b_template}={pool}"] if pool else []
        command += [part for host in egress for part in ("--egress", host)]
        command += [part for name, value in (envs or {}).items() for part in ("--env", f"{name}={value}")]
        command += ["--unsafe-local"] if settings.unsafe_local else []
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment |= {"CODEFLOW_UNSAFE_LOCAL": "1"} if settings.unsafe_local else {}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C in a terminal reaches the whole group: the host ends after us, in order.
            start_new_session=True,
        )
        told: deque[str] = deque(maxlen=_TOLD_LINES)
        listener = threading.Thread(target=_listen, args=(process, told), daemon=True)
        listener.start()
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            process.wait()
            listener.join(1)
            raise _refusal(told[-1] if told else "it ended without a word")
        return cls(process, Serving(**json.loads(line)), told)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        return " ".join(self._told)

    def wait(self) -> None:
        self._process.wait()

    def stop(self) -> None:
        """Returns when the host and all its sandboxes are gone."""
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _listen(process: subprocess.Popen[str], told: deque[str]) -> None:
    assert process.stderr
    for line in process.stderr:
        told.append(line.strip().removeprefix("sandbox host: "))


def _refusal(words: str) -> SandboxUnavailable:
    if "another sandbox host runs on" in words:
        return HostTaken(f"The sandbox host cannot start: {words}")
    return SandboxUnavailable(f"The sandbox host cannot start: {words}")
