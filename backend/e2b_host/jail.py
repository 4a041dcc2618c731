"""The bubblewrap jail."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .identities import GUEST_UID, HOST_UID, own
from .layout import ETC, PATH, Layout
from .limits import MB
from .machine import EGRESS_SOCKET, Plan, sealed_file
from .network_env import proxy_environment
from .probe import Isolation
from .templates import Mount, Template

SHARED_ETC = (
    "ssl", "ca-certificates", "alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "localtime", "mime.types", "terminfo", "chromium", "chromium.d",
)  # fmt: skip
FOLDERS = (".envd", "home/user", "root", "etc", "var/tmp", "var/log", "mnt", "opt", "srv")
BOOTSTRAP = "import sys; sys.path.insert(0, '/.envd/agent'); from guest.main import main; main()"


class JailBackend:
    def __init__(self, layout: Layout, isolation: Isolation) -> None:
        assert isolation.bwrap
        self._layout = layout
        self._bwrap = str(isolation.bwrap)
        self._overlay = isolation.overlay
        self._disable_userns = isolation.userns_disabled

    def prepare(self, templates: Iterable[Template], *, as_root: bool) -> None:
        """Make the templates' overlays writable for the sandboxes' user."""
        for template in templates:
            for mount in template.mounts:
                if as_root and self._is_overlay(mount):
                    own(mount.source)

    def lay_out(self, plan: Plan) -> None:
        plan.files.mkdir(parents=True)
        if plan.template.files:
            copy = ["cp", "-a", "--reflink=auto", f"{plan.template.files}/.", f"{plan.files}/"]
            subprocess.run(copy, check=True, capture_output=True)
        for name in FOLDERS:
            (plan.files / name).mkdir(parents=True, exist_ok=True)
        for mount in plan.template.mounts:
            (plan.files / mount.target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for index, mount in enumerate(plan.template.mounts):
            if self._is_overlay(mount):
                for part in ("upper", "work"):
                    (plan.folder / "overlays" / str(index) / part).mkdir(parents=True)
        if plan.identity:
            self._give(plan)

    def _give(self, plan: Plan) -> None:
        """Give the sandbox's user its files: one by one where there are few."""
        if plan.template.files:
            own(plan.files)
        else:
            for path in (plan.files, *plan.files.rglob("*")):
                os.chown(path, HOST_UID, HOST_UID)
        for upper in plan.folder.glob("overlays/*/upper"):
            os.chown(upper, HOST_UID, HOST_UID)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)  # the jail's first process is told to die with this one

    def guest_config(self, plan: Plan) -> dict[str, Any]:
        envs = {**(proxy_environment() if plan.egress_socket else {}), **plan.envs}
        return {
            "envs": envs,
            "egress": f"/.envd/{EGRESS_SOCKET}" if plan.egress_socket else None,
            "start_cmd": plan.template.start_cmd,
            "start_log": "/tmp/start_cmd.log",
            "become": GUEST_UID if plan.identity else None,
            "rlimits": plan.limits.rlimits(),
        }

    def command(self, plan: Plan, config_fd: int) -> tuple[list[str], list[int]]:
        fds: list[int] = []
        if plan.identity:
            fds.append(os.dup(plan.identity.userns_fd))
            user = ["--userns", str(fds[0]), "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            user = ["--unshare-user", "--uid", str(GUEST_UID), "--gid", str(GUEST_UID), "--cap-drop", "ALL"]
            user += ["--disable-userns"] if self._disable_userns else []
        root = ["--bind", str(plan.files), "/"]
        options = [*user, *self._walls(), *root, *self._system(), *self._own(plan), *self._mounts(plan)]
        options_fd = sealed_file("jail", b"\0".join(option.encode() for option in options) + b"\0")
        guest = [_python(), "-I", "-S", "-c", BOOTSTRAP, str(config_fd)]
        return [self._bwrap, "--args", str(options_fd), "--", *guest], [options_fd, *fds]

    def _walls(self) -> list[str]:
        walls = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"]
        walls += ["--hostname", "e2b.local", "--die-with-parent", "--new-session", "--chdir", "/home/user"]
        walls += ["--clearenv", "--setenv", "PATH", PATH, "--setenv", "LANG", "C.UTF-8"]
        return [*walls, *([] if _system_python() else ["--setenv", "LD_LIBRARY_PATH", "/.envd/python/lib"])]

    def _system(self) -> list[str]:
        """What every sandbox sees of the host, read-only."""
        options = ["--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            path = Path("/", name)
            if path.is_symlink():
                options += ["--symlink", str(path.readlink()), f"/{name}"]
            elif path.is_dir():
                options += ["--ro-bind", f"/{name}", f"/{name}"]
        return options

    def _own(self, plan: Plan) -> list[str]:
        """What is private to the sandbox."""
        system = self._layout.system
        etc = [option for name in ETC for option in ("--ro-bind", str(system / "etc" / name), f"/etc/{name}")]
        etc += [option for name in SHARED_ETC for option in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")]
        own = [*etc, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
        own += [
            "--perms",
            "1777",
            "--size",
            str(plan.limits.shm_mb * MB),
            "--tmpfs",
            "/dev/shm",
            "--remount-ro",
            "/dev",
        ]
        own += ["--perms", "1777", "--size", str(plan.limits.tmp_mb * MB), "--tmpfs", "/tmp"]
        own += ["--size", str(16 * MB), "--tmpfs", "/run"]
        own += ["--ro-bind", str(system / "agent"), "/.envd/agent", "--ro-bind", str(system / "bin"), "/.envd/bin"]
        if not _system_python():
            own += ["--ro-bind", sys.base_prefix, "/.envd/python"]
        if plan.egress_socket:
            own += ["--bind", str(plan.egress_socket), f"/.envd/{EGRESS_SOCKET}"]
        return own

    def _mounts(self, plan: Plan) -> list[str]:
        options: list[str] = []
        for index, mount in enumerate(plan.template.mounts):
            if self._is_overlay(mount):
                own = plan.folder / "overlays" / str(index)
                options += [
                    "--overlay-src",
                    str(mount.source),
                    "--overlay",
                    str(own / "upper"),
                    str(own / "work"),
                    mount.target,
                ]
            else:
                options += ["--ro-bind", str(mount.source), mount.target]
        return options

    def _is_overlay(self, mount: Mount) -> bool:
        return self._overlay and mount.mode == "overlay"


def _system_python() -> bool:
    return Path(sys.base_prefix) == Path("/usr") and shutil.which("python3", path="/usr/bin") is not None


def _python() -> str:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return f"/usr/bin/{version}" if _system_python() else f"/.envd/python/bin/{version}"
