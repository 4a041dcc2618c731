"""Those who watch: so many connections that read server-sent events, and a browser among them."""

import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.browser import browser_executable

STAMP = re.compile(rb"at (\d+\.\d+);")
PATIENCE_S = 60
_IN_BROWSER = """path => {
    window.heard = [];
    const source = new EventSource(path);
    source.onmessage = event => {
        const now = performance.timeOrigin + performance.now();
        for (const [, at] of event.data.matchAll(/at (\\d+\\.\\d+);/g)) window.heard.push([Number(at), now / 1000]);
    };
    return new Promise(opened => source.onopen = () => opened(true));
}"""


@dataclass
class Served:
    """A process of `benchmarks.streaming`."""

    process: asyncio.subprocess.Process
    port: int
    path: str

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path | None = None) -> "AsyncIterator[Served]":
        command = [sys.executable, "-m", "benchmarks.streaming", *([str(folder)] if folder else [])]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        assert process.stdin
        assert process.stdout
        try:
            about = json.loads(await process.stdout.readline())
            yield cls(process, about["port"], about["path"])
            process.stdin.close()
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def tell(self, what: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{what}\n".encode())

    async def cpu_s(self) -> float:
        assert self.process.stdout
        self.tell("cpu")
        return float(await self.process.stdout.readline())


@dataclass
class Crowd:
    """Connections to one server, each reading all it is sent."""

    served: Served
    heard: list[tuple[float, float]] = field(default_factory=list)
    """When it was written and when it came, in seconds of the clock."""
    page: Page | None = None
    """In a browser that watches beside them."""

    @classmethod
    @asynccontextmanager
    async def of(cls, served: Served, viewers: int) -> "AsyncIterator[Crowd]":
        crowd = cls(served)
        async with AsyncExitStack() as stack:
            opened = [asyncio.Event() for _ in range(viewers)]
            for event in opened:
                reading = asyncio.create_task(crowd._read(event))
                stack.push_async_callback(_ended, reading)
                async with asyncio.timeout(PATIENCE_S):
                    await event.wait()
            yield crowd

    @asynccontextmanager
    async def with_browser(self) -> AsyncIterator[None]:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=browser_executable(), args=["--no-sandbox"])
            self.page = await browser.new_page()
            await self.page.goto(f"http://127.0.0.1:{self.served.port}/healthz")
            await self.page.evaluate(_IN_BROWSER, self.served.path)
            yield
            self.page = None
            await browser.close()

    async def latencies(self, events: int, pause_s: float) -> list[float]:
        """Of so many events, at each viewer: from before it was written until it was there."""
        await asyncio.sleep(0.3)
        began = time.time()
        for _ in range(events):
            self.served.tell("append")
            await asyncio.sleep(pause_s)
        await asyncio.sleep(0.3)
        return [came - written for written, came in self.heard if written >= began]

    async def latencies_in_browser(self, events: int, pause_s: float) -> list[float]:
        assert self.page
        began = time.time()
        await self.latencies(events, pause_s)
        return [came - written for written, came in await self.page.evaluate("heard") if written >= began]

    async def cpu_s(self, seconds: float, frames_a_second: float = 0) -> float:
        """What the server spends in that time."""
        await asyncio.sleep(0.3)
        before, until = await self.served.cpu_s(), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if frames_a_second:
                self.served.tell("frame")
            await asyncio.sleep(min(left, 1 / frames_a_second) if frames_a_second else left)
        return await self.served.cpu_s() - before

    async def _read(self, opened: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.served.port, limit=1 << 24)
        writer.write(f"GET {self.served.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.served.port}\r\n\r\n".encode())
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"the server answered {status!r}")
            await reader.readuntil(b"\r\n\r\n")
            opened.set()
            while line := await reader.readline():
                now = time.time()
                self.heard += [(float(at), now) for at in STAMP.findall(line)]
        finally:
            writer.close()


def percentile(values: list[float], of_100: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[of_100 - 1]


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
