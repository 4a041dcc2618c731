"""The bubblewrap jail."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from . import seccomp
from .cgroups import Cgroups
from .identities import GUEST_UID, HOST_UID, own
from .layout import ETC, PATH, Layout
from .limits import MB
from .machine import EGRESS_SOCKET, Plan, sealed_file
from .mountpoints import restore, settle
from .network_env import proxy_environment
from .probe import Isolation
from .templates import Mount, Template

SHARED_ETC = (
    "ssl", "ca-certificates", "alternatives", "fonts", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types",
    "terminfo", "chromium", "chromium.d",
)  # fmt: skip
MASKED = (
    "acpi", "asound", "bus", "cmdline", "config.gz", "driver", "fs", "interrupts", "iomem", "ioports", "irq", "kallsyms", "kcore",
    "key-users", "keys", "kmsg", "latency_stats", "modules", "pagetypeinfo", "sched_debug", "scsi", "sysrq-trigger",
    "timer_list", "vmallocinfo",
)  # fmt: skip
"""Of `/proc`: what tells of the machine rather than of the sandbox, or commands it."""
GIVEN_UP_BY_GUEST = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
UNFAIR_NICE = 5
"""Where no control group shares the processors out, the host at least comes before its sandboxes."""
FOLDERS = (".envd", "home/user", "root", "etc", "var/tmp", "var/log", "mnt", "opt", "srv")
# asyncio does without TLS, which no guest speaks: that is a fifth of a guest's memory.
BOOTSTRAP = (
    "import sys; sys.modules['ssl'] = None; sys.path.insert(0, '/.envd/agent'); from guest.main import main; main()"
)


class JailBackend:
    def __init__(self, layout: Layout, isolation: Isolation, cgroups: Cgroups | None) -> None:
        assert isolation.bwrap
        self._layout = layout
        self._cgroups = cgroups
        self._seccomp = seccomp.program() if isolation.seccomp else None
        self._held: dict[str, int] = {}
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

    def started(self, plan: Plan, pid: int) -> None:
        if self._cgroups:
            self._cgroups.make(plan.id, plan.limits)
            self._cgroups.place(plan.id, pid)
        os.close(self._held.pop(plan.id))

    def end(self, process: subprocess.Popen[bytes]) -> None:
        # The outermost process ends once the jail's first has, and that one only after all in its namespace.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for pid in map(int, children.read_text().split() or [process.pid]):
            os.kill(pid, signal.SIGKILL)

    def guest_config(self, plan: Plan) -> dict[str, Any]:
        envs = {**(proxy_environment() if plan.egress_socket else {}), **plan.envs}
        return {
            "envs": envs,
            "egress": f"/.envd/{EGRESS_SOCKET}" if plan.egress_socket else None,
            "start_cmd": plan.template.start_cmd,
            "start_log": "/tmp/start_cmd.log",
            "become": GUEST_UID if plan.identity else None,
            "nice": 0 if self._cgroups and self._cgroups.fair else UNFAIR_NICE,
            "rlimits": {**plan.limits.rlimits(), **self._processes(plan)},
        }

    def command(self, plan: Plan, config_fd: int) -> tuple[list[str], list[int]]:
        fds: list[int] = []
        if plan.identity:
            fds.append(os.dup(plan.identity.userns_fd))
            user = ["--userns", str(fds[0]), "--cap-drop", "ALL"]
            user += [option for name in GIVEN_UP_BY_GUEST for option in ("--cap-add", name)]
        else:
            user = ["--unshare-user", "--uid", str(GUEST_UID), "--gid", str(GUEST_UID), "--cap-drop", "ALL"]
            user += ["--disable-userns"] if self._disable_userns else []
        if self._seccomp:
            fds.append(sealed_file("seccomp", self._seccomp))
            user += ["--seccomp", str(fds[-1])]
        root = ["--bind", str(plan.files), "/"]
        fds.append(sealed_file("boot_id", f"{uuid4()}\n".encode()))
        boot_id = ["--perms", "0444", "--ro-bind-data", str(fds[-1]), "/proc/sys/kernel/random/boot_id"]
        options = [*user, *self._walls(), *root, *self._system(), *self._own(plan), *boot_id, *self._mounts(plan)]
        settle(plan.files, [*FOLDERS, *_targets(options)])
        restore(plan.files, FOLDERS, HOST_UID if plan.identity else None)
        fds.append(self._hold(plan, options))
        guest = [_python(), "-I", "-S", "-c", BOOTSTRAP, str(config_fd)]
        return [self._bwrap, "--args", str(fds[-1]), "--", *guest], fds

    def _processes(self, plan: Plan) -> dict[str, int]:
        """Where no control group counts them: before Linux 5.14 those of all sandboxes of a root host together."""
        return {} if self._cgroups else {"NPROC": plan.limits.processes}

    def _hold(self, plan: Plan, options: list[str]) -> int:
        """A pipe with bubblewrap's options, which keeps it waiting until its process is where it belongs."""
        reader, self._held[plan.id] = os.pipe()
        os.write(self._held[plan.id], b"\0".join(option.encode() for option in options) + b"\0")
        return reader

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
        # What programs are loaded from is never the sandbox's: its guest starts with rights its user must not get.
        cache = Path("/etc/ld.so.cache")
        etc += ["--ro-bind", str(cache if cache.exists() else system / "etc" / "ld.so.preload"), str(cache)]
        own = [*etc, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", *_masks(), "--dev", "/dev"]
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


def _targets(options: list[str]) -> list[str]:
    """Where bubblewrap will mount or link."""
    second = ("--ro-bind", "--ro-bind-try", "--bind", "--symlink")
    found = [options[at + 2] for at, option in enumerate(options) if option in second]
    found += [options[at + 1] for at, option in enumerate(options) if option in ("--tmpfs", "--proc", "--dev")]
    return found + [options[at + 3] for at, option in enumerate(options) if option == "--overlay"]


def _masks() -> list[str]:
    found: list[str] = []
    for path in (Path("/proc", name) for name in MASKED):
        if path.is_dir():
            found += ["--tmpfs", str(path), "--remount-ro", str(path)]
        elif path.exists():
            found += ["--ro-bind", os.devnull, str(path)]
    return found


def _system_python() -> bool:
    return Path(sys.base_prefix) == Path("/usr") and shutil.which("python3", path="/usr/bin") is not None


def _python() -> str:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return f"/usr/bin/{version}" if _system_python() else f"/.envd/python/bin/{version}"
