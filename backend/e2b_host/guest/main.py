"""Boot of the guest: limits, socket, egress, start command; then serve for ever."""

import asyncio
import contextlib
import faulthandler
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

from .identity import become
from .network import serve_egress
from .oom import OomScore
from .places import move
from .service import Service

LINE_LIMIT = 64 * 1024 * 1024
PARENT_EVERY_S = 0.5
BACKLOG = 4096
"""Calls that may wait for a busy agent; one more would be told that the sandbox is gone."""


def _confine(config: dict[str, Any]) -> OomScore:
    """Take on the limits and, where the host is root, the uid of the sandbox's user; both for good."""
    os.umask(0o022)
    for name, value in config["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        most = resource.getrlimit(kind)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (value, value))
    os.nice(config.get("nice", 0))
    score = OomScore()
    if (uid := config.get("become")) is not None:
        become(uid)
    return score


async def run(config: dict[str, Any]) -> None:
    listener = socket.socket(fileno=config["socket_fd"])
    listener.setblocking(False)
    os.set_inheritable(listener.fileno(), False)
    score = _confine(config)
    move(config.get("moved") or {})
    service = Service(dict(config["envs"]), score, walled="parent" not in config)
    keep = [await asyncio.start_unix_server(service.serve, sock=listener, limit=LINE_LIMIT, backlog=BACKLOG)]
    if config.get("egress"):
        keep.append(await serve_egress(config["egress"]))
    if command := config.get("start_cmd"):
        service.start(command, config["start_log"])
    if parent := config.get("parent"):
        keep_alive = asyncio.ensure_future(_end_with(parent, service))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, keep_alive.cancel)
        await keep_alive
        return
    await asyncio.gather(*(server.serve_forever() for server in keep))


async def _end_with(parent: int, service: Service) -> None:
    """Outside of a jail nothing ends a guest's processes but the guest: when told to, or when its host is gone."""
    with contextlib.suppress(asyncio.CancelledError):
        while os.getppid() == parent:
            await asyncio.sleep(PARENT_EVERY_S)
    service.end()


def main() -> None:
    """Read the configuration (JSON) from the file descriptor named by the first argument, and serve."""
    faulthandler.enable()
    with open(int(sys.argv[1]), encoding="utf-8") as source:
        config = json.load(source)
    asyncio.run(run(config))
