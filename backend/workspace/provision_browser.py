"""The browser sandboxes open pages in: the one named, the system's, or one from the npm registry."""

import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from backend.config import Settings
from backend.domain import Unavailable
from backend.workspace.provision_folder import Progress, built
from backend.workspace.provision_node import Node, npm_ci
from backend.workspace.starter import RUNTIME, digest

IN_SANDBOX = "/opt/chromium"
_PACKAGE = RUNTIME / "chromium"
_REAL_BINARIES = (
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
)
_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_START_S = 30


@dataclass(frozen=True)
class Browser:
    executable: str
    """As the sandbox sees it."""
    mount: Path | None
    """Directory to show the sandbox as `IN_SANDBOX`; None for a browser under `/usr`, which every sandbox sees."""


def find_browser(settings: Settings) -> Path | None:
    """The browser named by CODEFLOW_CHROMIUM, else the system's; None when the npm registry must provide one.

    Raises `Unavailable` when the named one does not run.
    """
    if settings.chromium:
        if not _runs(settings.chromium):
            raise Unavailable(
                f"CODEFLOW_CHROMIUM names {settings.chromium}, which does not run. Correct it, or unset it to use another browser."
            )
        return settings.chromium.resolve()
    candidates = [Path(path) for path in _REAL_BINARIES]
    candidates += [Path(found).resolve() for command in _COMMANDS if (found := shutil.which(command))]
    return next((path for path in candidates if _usable(path) and _runs(path)), None)


def browser_for(settings: Settings, node: Node, progress: Progress) -> Browser:
    if found := find_browser(settings):
        return _seen(found)
    folder = built(_fetched(settings), lambda draft: _fetch(node, draft, progress), progress)
    return Browser(f"{IN_SANDBOX}/launch", folder)


def browser_present(settings: Settings) -> bool:
    return find_browser(settings) is not None or _fetched(settings).is_dir()


def _seen(executable: Path) -> Browser:
    if executable.is_relative_to("/usr"):
        return Browser(str(executable), None)
    return Browser(f"{IN_SANDBOX}/{executable.name}", executable.parent)


def _usable(path: Path) -> bool:
    """Snap's browsers only run under snapd, which no sandbox has."""
    return path.is_file() and "snap" not in path.parts and b"/snap/" not in path.open("rb").read(4096)


def _runs(path: Path) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=_START_S).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _fetched(settings: Settings) -> Path:
    return settings.cache_dir / f"chromium-{digest(*(path.read_bytes() for path in sorted(_PACKAGE.glob('*.*'))))}"


def _fetch(node: Node, draft: Path, progress: Progress) -> None:
    if platform.machine() not in ("x86_64", "AMD64"):
        raise Unavailable(
            f"No Chromium on this machine, and none to download for {platform.machine()}. "
            "Install one (for example: apt install chromium), or name one in CODEFLOW_CHROMIUM."
        )
    npm_ci(node, _PACKAGE, draft, "a browser for the checks", progress)
    progress("Unpacking the browser", None)
    shutil.copyfile(_PACKAGE / "unpack.mjs", draft / "unpack.mjs")
    unpacked = subprocess.run([node.executable, "unpack.mjs", draft], cwd=draft, capture_output=True, text=True)
    shutil.rmtree(draft / "node_modules")
    if unpacked.returncode != 0 or not _runs(draft / "launch"):
        raise Unavailable(
            f"The downloaded browser does not run on this system: {unpacked.stderr[-300:]}. "
            "Install Chromium with the system's package manager, or name one in CODEFLOW_CHROMIUM."
        )
