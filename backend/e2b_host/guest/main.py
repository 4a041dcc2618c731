"""Boot of the guest: limits, socket, egress, start command; then serve for ever."""

import asyncio
import json
import os
import resource
import socket
import sys
from typing import Any

from .network import serve_egress
from .service import Service

LINE_LIMIT = 64 * 1024 * 1024


async def run(config: dict[str, Any]) -> None:
    os.umask(0o022)
    for name, value in config["rlimits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    listener = socket.socket(fileno=config["socket_fd"])
    listener.setblocking(False)
    os.set_inheritable(listener.fileno(), False)
    if (uid := config.get("become")) is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    service = Service(dict(config["envs"]))
    keep = [await asyncio.start_unix_server(service.serve, sock=listener, limit=LINE_LIMIT)]
    if config.get("egress"):
        keep.append(await serve_egress(config["egress"]))
    if command := config.get("start_cmd"):
        service.start(command)
    await asyncio.gather(*(server.serve_forever() for server in keep))


def main() -> None:
    """Read the configuration (JSON) from the file descriptor named by the first argument, and serve."""
    with open(int(sys.argv[1]), encoding="utf-8") as source:
        config = json.load(source)
    asyncio.run(run(config))
