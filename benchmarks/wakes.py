"""`python -m benchmarks.wakes`: how long until the page of a project is served whose sandbox sleeps, or is gone. Floor: a
bare `next dev` on the same files.
"""

import argparse
import asyncio
import json
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

from e2b import AsyncSandbox
from rich.console import Console

from backend.config import Settings
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces, SandboxService
from backend.workspace.provision import find_node, provision
from backend.workspace.starter import starter_files
from benchmarks.bare import BareProject, BareServer
from benchmarks.hosts import embedded
from benchmarks.rounds import Row, interleaved, table

PAGE = b"""import { Button } from "@/components/ui/button"
export default function Page() { return <main><h1>Tasks</h1><Button>Add one</Button></main> }
"""
FILES = starter_files() | {"app/page.tsx": PAGE}
REFILL_S = 12
"""A pool boots the next sandbox some seconds after it gave one away."""
SERVED_S = 120


class Wakes:
    """`gone`: into a new sandbox. `asleep`: into its own, paused with what its processes had in memory or without."""

    def __init__(self, service: SandboxService, pause_s: float = 0) -> None:
        self._service = service
        self._workspaces = E2BWorkspaces(service)
        self._pause_s = pause_s

    async def gone(self) -> float:
        await asyncio.sleep(self._pause_s)
        seconds, workspace = await self._served(uuid.uuid4().hex, None)
        await self._end(workspace)
        return seconds

    async def asleep(self, mode: Literal["full", "filesystem"]) -> float:
        project = uuid.uuid4().hex
        _, before = await self._served(project, None)
        await before.close()
        await AsyncSandbox.pause(before.sandbox_id, mode=mode, **self._service.params)
        seconds, workspace = await self._served(project, before.sandbox_id)
        if workspace.sandbox_id != before.sandbox_id:
            raise RuntimeError("a sleeping sandbox did not wake")
        await self._end(workspace)
        return seconds

    async def _served(self, project: str, sandbox_id: str | None) -> tuple[float, E2BWorkspace]:
        started = time.perf_counter()
        workspace = await self._workspaces.open(project, sandbox_id, FILES)
        answer = await workspace.fetch("/", SERVED_S)
        seconds = time.perf_counter() - started
        if "Tasks" not in answer.body:
            raise RuntimeError(f"the page was not served: {answer.status} {answer.body[:200]}")
        return seconds, workspace

    async def _end(self, workspace: E2BWorkspace) -> None:
        await workspace.close()
        await self._workspaces.kill(workspace.sandbox_id)


async def bare(project: BareProject, node: Path) -> float:
    """`next dev` from nothing to the page."""
    project.forget_compiled()
    started = time.perf_counter()
    server = await BareServer.start(project, node)
    await server.get("/")
    seconds = time.perf_counter() - started
    await server.stop()
    return seconds


async def wakes(rounds: int, scratch: Path, console: Console) -> list[Row]:
    settings = Settings(CODEFLOW_DATA_DIR=scratch / "data")
    template = provision(settings, lambda message, _: console.log(message))
    node = find_node()
    mounts = json.loads((template / "template.json").read_text())["mounts"]
    modules = next(Path(mount["source"]) for mount in mounts if mount["target"].endswith("node_modules"))
    console.log("wakes")
    async with AsyncExitStack() as stack:
        cold = Wakes(await stack.enter_async_context(embedded(settings, scratch / "wake-cold", pool=0)))
        pool = await stack.enter_async_context(embedded(settings, scratch / "wake-pool", pool=1))
        project = BareProject(scratch / "wake-bare", modules, node)
        project.write("app/page.tsx", PAGE)
        measures = {
            "wake: its sandbox is gone, no pool": cold.gone,
            "wake: its sandbox is gone, from the pool": Wakes(pool, REFILL_S).gone,
            "wake: asleep, with its memory": lambda: cold.asleep("full"),
            "wake: asleep, without its memory": lambda: cold.asleep("filesystem"),
        }
        taken = await interleaved({**measures, "bare": lambda: bare(project, node)}, rounds)
    return [Row(what, "bare next dev → page", taken[what], taken["bare"]) for what in measures]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.wakes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    console = Console()
    with tempfile.TemporaryDirectory(prefix="codeflow-bench-", ignore_cleanup_errors=True) as scratch:
        console.print(table(asyncio.run(wakes(rounds, Path(scratch), console))))


if __name__ == "__main__":
    main()
