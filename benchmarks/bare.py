"""The floor: the same project with nothing of ours around it, `next dev` and `tsc` as plain processes."""

import asyncio
import os
import shutil
import signal
import socket
from pathlib import Path

import httpx

from backend.workspace.starter import starter_files

READY_S = 120


class BareProject:
    """The starter in a folder of its own, with its own `node_modules`."""

    def __init__(self, folder: Path, modules: Path, node: Path) -> None:
        self.folder = folder
        self._node = node
        for path, content in starter_files().items():
            self.write(path, content)
        # Hard links: a copy in no time, and Turbopack takes no link that leads out of the project.
        shutil.copytree(modules, folder / "node_modules", symlinks=True, copy_function=os.link)

    def write(self, path: str, content: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def forget_compiled(self) -> None:
        shutil.rmtree(self.folder / ".next", ignore_errors=True)

    async def check_types(self) -> None:
        tsc = await asyncio.create_subprocess_exec(
            str(self._node), "node_modules/.bin/tsc", "--noEmit", cwd=self.folder, stdout=asyncio.subprocess.DEVNULL
        )
        if await tsc.wait():
            raise RuntimeError("tsc found errors in the benchmark's own project")


class BareServer:
    """`next dev` on a free port."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.AsyncClient(base_url=self.url, timeout=READY_S)

    @classmethod
    async def start(cls, project: BareProject, node: Path) -> "BareServer":
        """Returns when it answers."""
        port = _free_port()
        process = await asyncio.create_subprocess_exec(
            str(node),
            "node_modules/next/dist/bin/next",
            "dev",
            "--port",
            str(port),
            cwd=project.folder,
            env={**os.environ, "NEXT_TELEMETRY_DISABLED": "1"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        server = cls(process, port)
        for _ in range(READY_S * 50):
            try:
                await server._http.get("/_next/static/none")
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return server
        await server.stop()
        raise RuntimeError(f"a bare `next dev` did not answer within {READY_S} s")

    async def get(self, path: str) -> None:
        (await self._http.get(path)).raise_for_status()

    async def stop(self) -> None:
        await self._http.aclose()
        os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
