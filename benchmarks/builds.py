"""`python -m benchmarks.builds`: how long a person waits for what an agent wrote. Floor: a bare `next dev` on the same files.

First build: the files of an app are written into a project that runs the starter; from the last of them to the page. The
floor is `next dev` started on the finished app, with nothing compiled before. Edit: a text of an open page is changed,
until it stands in the browser, beside the same page of a bare server in the same browser.
"""

import argparse
import asyncio
import json
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console

from backend.agent.demo.apps import APPS
from backend.config import Settings
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces, SandboxService
from backend.workspace.provision import find_node, provision
from backend.workspace.starter import starter_files
from benchmarks.bare import BareProject, BareServer
from benchmarks.hosts import embedded
from benchmarks.rounds import Row, interleaved, table
from tests.browser import browser_executable

REFILL_S = 12
"""A pool boots the next sandbox some seconds after it gave one away."""
SERVED_S = 120
APP = next(app for app in APPS if app.slug == "kanban")
NAME = "Benchmark Board"
FILES = {path: text.encode() for path, text in APP.files(NAME).items()}
EDITED = "app/page.tsx"
TEXT = b"""import { Text } from "@/components/text"
export default function Page() { return <Text /> }
"""


class FirstBuilds:
    def __init__(self, service: SandboxService, project: BareProject, node: Path) -> None:
        self._workspaces = E2BWorkspaces(service)
        self._project = project
        self._node = node
        for path, content in FILES.items():
            project.write(path, content)

    async def ours(self) -> float:
        await asyncio.sleep(REFILL_S)
        workspace = await self._workspaces.open(uuid.uuid4().hex, None, starter_files())
        for path, content in FILES.items():
            await workspace.write({path: content})
        started = time.perf_counter()
        while NAME not in (answer := await workspace.fetch("/", SERVED_S)).body:
            if time.perf_counter() - started > SERVED_S:
                raise RuntimeError(f"the app was not served: {answer.status} {answer.body[:200]}")
        seconds = time.perf_counter() - started
        await workspace.close()
        await self._workspaces.kill(workspace.sandbox_id)
        return seconds

    async def bare(self) -> float:
        self._project.forget_compiled()
        started = time.perf_counter()
        server = await BareServer.start(self._project, self._node)
        await server.get("/")
        seconds = time.perf_counter() - started
        await server.stop()
        return seconds


class Edits:
    """The same component changed in a sandbox and in a bare project, each page open in one browser."""

    def __init__(self, workspace: E2BWorkspace, project: BareProject, ours: Page, bare: Page) -> None:
        self._workspace = workspace
        self._project = project
        self._pages = ours, bare
        self._round = 0

    async def ours(self) -> float:
        content, text = self._next()
        started = time.perf_counter()
        await self._workspace.write({"components/text.tsx": content})
        await self._pages[0].get_by_text(text).wait_for()
        return time.perf_counter() - started

    async def bare(self) -> float:
        content, text = self._next()
        started = time.perf_counter()
        self._project.write("components/text.tsx", content)
        await self._pages[1].get_by_text(text).wait_for()
        return time.perf_counter() - started

    def _next(self) -> tuple[bytes, str]:
        self._round += 1
        text = f"This is round {self._round} of the edits"
        return component(text), text


def component(text: str) -> bytes:
    return f'"use client"\nexport const Text = () => <h1>{text}</h1>\n'.encode()


async def opened(browser: Browser, url: str) -> Page:
    page = await browser.new_page()
    await page.goto(url)
    await page.get_by_text("Before all edits").wait_for()
    return page


async def builds(rounds: int, scratch: Path, console: Console) -> list[Row]:
    settings = Settings(CODEFLOW_DATA_DIR=scratch / "data")
    template = provision(settings, lambda message, _: console.log(message))
    node = find_node()
    mounts = json.loads((template / "template.json").read_text())["mounts"]
    modules = next(Path(mount["source"]) for mount in mounts if mount["target"].endswith("node_modules"))
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(embedded(settings, scratch / "builds", pool=1))
        console.log("first builds")
        first = FirstBuilds(service, BareProject(scratch / "first-bare", modules, node), node)
        built = await interleaved({"ours": first.ours, "bare": first.bare}, rounds)

        console.log("edits")
        files = {EDITED: TEXT, "components/text.tsx": component("Before all edits")}
        project = BareProject(scratch / "edits-bare", modules, node)
        for path, content in files.items():
            project.write(path, content)
        server = await BareServer.start(project, node)
        stack.push_async_callback(server.stop)
        workspaces = E2BWorkspaces(service)
        workspace = await workspaces.open("edits", None, starter_files() | files)
        stack.push_async_callback(workspaces.kill, workspace.sandbox_id)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=browser_executable(), args=["--no-sandbox"])
        stack.push_async_callback(browser.close)
        pages = [await opened(browser, url) for url in (workspace.preview_url, server.url)]
        edits = Edits(workspace, project, *pages)
        edited = await interleaved({"ours": edits.ours, "bare": edits.bare}, rounds * 5)
    return [
        Row("an app's last file written → its page served", "bare next dev → page", built["ours"], built["bare"]),
        Row("edit → seen in the browser", "bare next dev", edited["ours"][1:], edited["bare"][1:]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.builds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    console = Console()
    with tempfile.TemporaryDirectory(prefix="codeflow-bench-", ignore_cleanup_errors=True) as scratch:
        console.print(table(asyncio.run(builds(rounds, Path(scratch), console))))


if __name__ == "__main__":
    main()
