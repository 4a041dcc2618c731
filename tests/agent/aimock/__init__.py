"""aimock, a mock server of the providers' own wires that others keep: installed once into the user's cache."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from backend.workspace.provision_folder import built
from backend.workspace.provision_node import Node, node_runtime, npm_ci
from backend.workspace.starter import digest

HERE = Path(__file__).parent


@contextmanager
def aimock(fixtures: Sequence[dict[str, Any]], folder: Path) -> Iterator[str]:
    """The server's address. It answers what no fixture is for with an error."""
    node, program = _installed()
    told = folder / "fixtures.json"
    told.write_text(json.dumps({"fixtures": fixtures}))
    command = [node.executable, program, "--port", "0", "--fixtures", told, "--strict", "--log-level", "info"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line)
                if found := re.search(r"listening on (http://\S+)", line):
                    yield found[1]
                    break
            else:
                raise AssertionError("aimock did not start: " + "".join(lines))
        finally:
            process.terminate()


def next_request_fails(url: str, status: int, **body: str) -> None:
    """One request, whosever it is."""
    data = json.dumps({"status": status, "body": body}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/__aimock/error", data=data, method="POST")) as answer:
        assert answer.status == 200


def _installed() -> tuple[Node, Path]:
    node = node_runtime()
    lock = (HERE / "package-lock.json").read_bytes()
    target = user_cache_path("codeflow") / "tests" / f"aimock-{digest(node.version, sys.platform, lock)}"
    folder = built(target, lambda draft: npm_ci(node, HERE, draft, "aimock", _tell), _tell)
    return node, folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"


def _tell(message: str, fraction: float | None) -> None:
    return None
