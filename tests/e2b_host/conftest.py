"""A real host, as a child process, with a template that has files, both kinds of mount and a start command."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2b import Sandbox
from e2b_code_interpreter import AsyncSandbox

ROOT = Path(__file__).resolve().parents[2]
NOBODYS_UID = 2_064_999_999
HOST_SECRET = "the-host-keeps-this"


@dataclass
class Host:
    process: subprocess.Popen[str]
    facts: dict[str, Any]
    log: Path

    @property
    def url(self) -> str:
        return self.facts["api_url"]

    @property
    def connection(self) -> dict[str, Any]:
        """What the SDK needs to speak to this host."""
        return {
            "api_key": self.facts["api_key"],
            "api_url": self.url,
            "sandbox_url": self.url,
            "domain": self.facts["domain"],
        }

    def create(self, template: str = "base", **options: Any) -> Sandbox:
        return Sandbox.create(template, **{"timeout": 120, **options}, **self.connection)

    async def create_async(self, template: str = "base", **options: Any) -> AsyncSandbox:
        return await AsyncSandbox.create(template, **{"timeout": 120, **options}, **self.connection)

    def get(self, sandbox: Sandbox, port: int, path: str = "/") -> httpx.Response:
        """GET a preview as a browser does, without relying on the resolver for `*.localhost`."""
        return httpx.get(self.url + path, headers={"host": sandbox.get_host(port)})

    def envd(self, sandbox: Sandbox, port: int = 49983) -> httpx.Client:
        """What speaks to the sandbox's daemon, or to another of its ports, as the SDK does but without it."""
        headers = {"e2b-sandbox-id": sandbox.sandbox_id, "e2b-sandbox-port": str(port)}
        headers["x-access-token"] = sandbox._envd_access_token or ""
        return httpx.Client(base_url=self.url, headers={**headers, "accept-encoding": "identity"}, timeout=60)

    def api(self) -> httpx.Client:
        """What speaks to the control plane."""
        return httpx.Client(base_url=self.url, headers={"x-api-key": self.facts["api_key"]}, timeout=60)

    def calls(self, sandbox: Sandbox) -> int:
        """How many calls into the sandbox are open."""
        listed = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
        return sum(line[5] == "03" and f"/{sandbox.sandbox_id}.guest" in line[-1] for line in listed)

    def logged(self) -> str:
        return self.log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


def start_host(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None, launcher: Sequence[str] = ()
) -> Host:
    log = folder / "host.log"
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [
                *(*launcher, sys.executable, "-m", "backend.e2b_host"),
                *("--data-dir", str(folder / "data"), "--json", *arguments),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "HOST_SECRET": HOST_SECRET, **(environment or {})},
        )
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        process.wait(15)
        pytest.fail(f"the host did not start: {log.read_text()}")
    return Host(process, json.loads(line), log)


@pytest.fixture(scope="session")
def reachable() -> Iterator[HTTPServer]:
    """A web server outside of every sandbox; the host's allow-list names it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"from outside"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    app = folder / "files/home/user/app"
    app.mkdir(parents=True)
    (app / "index.html").write_text("<h1>it runs</h1>")
    for name in ("shared", "tools"):
        (folder / name / "pkg").mkdir(parents=True)
        (folder / name / "pkg" / "index.js").write_text(f"// {name}")
    mounts = [
        {"source": "shared", "target": "/home/user/app/node_modules", "mode": "overlay"},
        {"source": "tools", "target": "/opt/tools", "mode": "ro"},
    ]
    start = "cd app && exec python3 -m http.server 3000"
    description = {
        "files": "files",
        "mounts": mounts,
        "envs": {"FLAVOUR": "web"},
        "start_cmd": start,
        "ready_port": 3000,
    }
    (folder / "template.json").write_text(json.dumps(description))
    return folder


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory, template: Path, reachable: HTTPServer) -> Iterator[Host]:
    running = start_host(
        tmp_path_factory.mktemp("host"),
        *("--template", f"web={template}", "--pool", "web=1", "--pool-delay", "0.1"),
        *("--egress", f"127.0.0.1:{reachable.server_port}"),
    )
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session", params=["root", "user"] if os.geteuid() == 0 else ["own"])
def walled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Path, reachable: HTTPServer
) -> Iterator[Host]:
    """For attacks: a host run by root and one by an unprivileged user, with small limits, so that they are soon reached."""
    folder = tmp_path_factory.mktemp(f"walled-{request.param}")
    launcher: list[str] = []
    if request.param == "user":
        (folder / "data").mkdir()
        os.chown(folder / "data", NOBODYS_UID, NOBODYS_UID)
        template.chmod(0o755)
        readable = [sys.base_prefix, sys.prefix, str(ROOT), str(template), str(folder / "data")]
        launcher = [sys.executable, str(Path(__file__).with_name("as_user.py")), str(NOBODYS_UID), *readable, "--"]
    running = start_host(
        folder,
        *("--template", f"web={template}", "--egress", f"127.0.0.1:{reachable.server_port}"),
        *("--memory-mb", "256", "--disk-mb", "64", "--files", "3000", "--processes", "128"),
        launcher=launcher,
    )
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def inmate(walled: Host) -> Iterator[Sandbox]:
    """A sandbox for attacks that must leave it as it was."""
    sandbox = walled.create("web")
    yield sandbox
    sandbox.kill()


@pytest.fixture(scope="session")
def shared(host: Host) -> Iterator[Sandbox]:
    """One sandbox for the tests that leave it as they found it."""
    sandbox = host.create(metadata={"for": "sharing"}, envs={"COLOUR": "green"})
    yield sandbox
    sandbox.kill()


@pytest.fixture
def sandbox(host: Host) -> Iterator[Sandbox]:
    own = host.create()
    yield own
    own.kill()
