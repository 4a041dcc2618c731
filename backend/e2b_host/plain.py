"""Sandboxes as plain processes of the host's user: no isolation, for code one trusts on a machine without bubblewrap.

A sandbox's root is a directory; its paths (`/home/user`, the template's mounts) are translated wherever they are named,
in file calls, commands and environments, though not in what a program computes by itself. Ports are the machine's own,
so two sandboxes cannot listen on the same one. A process that starts its own session may outlive its sandbox.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .layout import Layout
from .machine import Plan

# asyncio does without TLS, which no guest speaks: that is a fifth of a guest's memory.
BOOTSTRAP = "import sys; sys.modules['ssl'] = None; sys.path.insert(0, {agent!r}); from guest.main import main; main()"


class PlainBackend:
    def __init__(self, layout: Layout) -> None:
        self._agent = str(layout.system / "agent")

    def lay_out(self, plan: Plan) -> None:
        for name in ("home/user", "root", "tmp"):
            (plan.files / name).mkdir(parents=True)
        if plan.template.files:
            shutil.copytree(plan.template.files, plan.files, symlinks=True, dirs_exist_ok=True)
        for mount in plan.template.mounts:
            target = plan.files / mount.target.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if mount.mode == "overlay":  # bundlers refuse packages behind a link that leaves the project
                shutil.copytree(mount.source, target, symlinks=True, copy_function=_link, dirs_exist_ok=True)
            else:
                target.symlink_to(mount.source)

    def guest_config(self, plan: Plan) -> dict[str, Any]:
        moved = ["/home/user", "/root", *(mount.target for mount in plan.template.mounts)]
        return {
            "envs": dict(plan.envs),
            "start_cmd": plan.template.start_cmd,
            "rlimits": {"CORE": 0},
            "moved": {path: str(plan.files / path.lstrip("/")) for path in moved},
            "start_log": str(plan.files / "tmp" / "start_cmd.log"),
            "parent": os.getpid(),
        }

    def command(self, plan: Plan, config_fd: int) -> tuple[list[str], list[int]]:
        return [sys.executable, "-I", "-S", "-c", BOOTSTRAP.format(agent=self._agent), str(config_fd)], []

    def started(self, plan: Plan, pid: int) -> None:
        pass

    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, Path(target))
