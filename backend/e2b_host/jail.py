"""The bubblewrap jail."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .layout import ETC, PATH, Layout
from .limits import MB
from .machine import EGRESS_SOCKET, Plan, sealed_file
from .network_env import proxy_environment
from .probe import Isolation
from .templates import Mount

SHARED_ETC = (
    "ssl", "ca-certificates", "alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "localtime", "mime.types", "terminfo", "chromium", "chromium.d",
)  # fmt: skip
HOME_FOLDERS = ("home/user", "root", "etc", "var/tmp", "var/log", "mnt", "opt", "srv")
BOOTSTRAP = "import sys; sys.path.insert(0, '/.envd/agent'); from guest.main import main; main()"


class JailBackend:
    def __init__(self, layout: Layout, isolation: Isolation) -> None:
        assert isolation.bwrap
        self._layout = layout
        self._bwrap = str(isolation.bwrap)
        self._overlay = isolation.overlay
        self._disable_userns = isolation.userns_disabled

    def lay_out(self, plan: Plan) -> None:
        plan.files.mkdir(parents=True)
        if plan.template.files:
            subprocess.run(
                ["cp", "-a", "--reflink=auto", f"{plan.template.files}/.", f"{plan.files}/"],
                check=True,
                capture_output=True,
            )
        for name in HOME_FOLDERS:
            (plan.files / name).mkdir(parents=True, exist_ok=True)
        for mount in plan.template.mounts:
            (plan.files / mount.target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for index, mount in enumerate(plan.template.mounts):
            if self._is_overlay(mount):
                for part in ("upper", "work"):
                    (plan.folder / "overlays" / str(index) / part).mkdir(parents=True)

    def guest_config(self, plan: Plan) -> dict[str, Any]:
        envs = {**(proxy_environment() if plan.egress_socket else {}), **plan.envs}
        return {
            "envs": envs,
            "egress": f"/.envd/{EGRESS_SOCKET}" if plan.egress_socket else None,
            "start_cmd": plan.template.start_cmd,
            "rlimits": plan.limits.rlimits(),
        }

    def command(self, plan: Plan, config_fd: int) -> tuple[list[str], list[int]]:
        options = [
            *self._walls(),
            "--bind",
            str(plan.files),
            "/",
            *self._system(),
            *self._own(plan),
            *self._mounts(plan),
            "--chdir",
            "/home/user",
        ]
        options_fd = sealed_file("jail", b"\0".join(option.encode() for option in options) + b"\0")
        guest = [_python(), "-I", "-S", "-c", BOOTSTRAP, str(config_fd)]
        return [self._bwrap, "--args", str(options_fd), "--", *guest], [options_fd]

    def _walls(self) -> list[str]:
        walls = [
            "--unshare-user",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-net",
            "--unshare-cgroup-try",
        ]
        walls += ["--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname", "e2b.local"]
        walls += ["--disable-userns"] if self._disable_userns else []
        walls += [
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--setenv",
            "PATH",
            PATH,
            "--setenv",
            "LANG",
            "C.UTF-8",
        ]
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
        own = [*etc, "--proc", "/proc", "--dev", "/dev"]
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
