"""The sandbox host through E2B's SDK: creating, commands, files, pauses; each beside what the machine itself takes."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from e2b import ApiParams, AsyncSandbox
from rich.console import Console

from benchmarks.floors import EmptyJail
from benchmarks.rounds import Row, interleaved

BARE = "base"
CROWD = 20
CALLS = 20
"""Commands and files are short: many a round."""
CONTENT = "a line of text\n" * 40


class Client:
    """Speaks to one host."""

    def __init__(self, connection: ApiParams, template: str = BARE, pause_s: float = 0.0) -> None:
        self._connection = connection
        self._template = template
        self._pause_s = pause_s
        """Before each create: a pool needs time to fill."""

    async def create(self, template: str | None = None) -> AsyncSandbox:
        return await AsyncSandbox.create(template or self._template, timeout=600, **self._connection)

    async def created(self) -> float:
        await asyncio.sleep(self._pause_s)
        sandbox, took = await _timed(self.create)
        await sandbox.kill()
        return took

    async def created_at_once(self) -> float:
        sandboxes, took = await _timed(lambda: _together(self.create))
        await asyncio.gather(*(sandbox.kill() for sandbox in sandboxes))
        return took


class Inside:
    """Calls into one sandbox."""

    def __init__(self, sandbox: AsyncSandbox) -> None:
        self._sandbox = sandbox

    async def command(self) -> float:
        return await _mean(lambda: self._sandbox.commands.run("true"))

    async def file(self) -> float:
        return await _mean(self._write_and_read)

    async def frozen(self) -> float:
        return (await _timed(lambda: self._pause_and_connect(keep_memory=True)))[1]

    async def rebooted(self) -> float:
        return (await _timed(lambda: self._pause_and_connect(keep_memory=False)))[1]

    async def _write_and_read(self) -> None:
        await self._sandbox.files.write("bench.txt", CONTENT)
        await self._sandbox.files.read("bench.txt")

    async def _pause_and_connect(self, *, keep_memory: bool) -> None:
        await self._sandbox.pause(keep_memory=keep_memory)
        await self._sandbox.connect()


class Machine:
    """The floors."""

    def __init__(self, jail: EmptyJail, files: httpx.AsyncClient) -> None:
        self._jail = jail
        self._files = files

    async def jail(self) -> float:
        return await self._jail.timed()

    async def jails_at_once(self) -> float:
        return (await _timed(lambda: _together(self._jail.timed)))[1]

    async def process(self) -> float:
        return await _mean(_true)

    async def file(self) -> float:
        return await _mean(self._write_and_read)

    async def _write_and_read(self) -> None:
        await self._files.post("/bench.txt", content=CONTENT)
        await self._files.get("/bench.txt")


async def sandboxes(
    bare: Client, pooled: Client, jail: EmptyJail, rounds: int, scratch: Path, console: Console
) -> list[Row]:
    console.log("sandboxes")
    async with _plain_files(scratch) as files:
        machine, sandbox = Machine(jail, files), await pooled.create(BARE)
        inside = Inside(sandbox)
        measures = {
            "create": bare.created,
            "pool": pooled.created,
            "jail": machine.jail,
            "crowd": bare.created_at_once,
            "jails": machine.jails_at_once,
            "command": inside.command,
            "process": machine.process,
            "file": inside.file,
            "plain file": machine.file,
            "freeze": inside.frozen,
            "reboot": inside.rebooted,
        }
        taken = await interleaved(measures, rounds)
        await sandbox.kill()
    rows = [
        ("create, bare", "an empty jail", "create", "jail"),
        ("create, from the pool", "an empty jail", "pool", "jail"),
        (f"{CROWD} creates at once", f"{CROWD} empty jails at once", "crowd", "jails"),
        ("commands.run('true')", "a process on the host", "command", "process"),
        ("files.write + files.read", "the same of a bare server", "file", "plain file"),
        ("pause + connect, memory kept", "an empty jail", "freeze", "jail"),
        ("pause + connect, booted anew", "an empty jail", "reboot", "jail"),
    ]
    return [Row(f"sandbox: {what}", floor, taken[ours], taken[theirs]) for what, floor, ours, theirs in rows]


@asynccontextmanager
async def _plain_files(scratch: Path) -> AsyncIterator[httpx.AsyncClient]:
    folder = scratch / "plain-files"
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.plain_files", str(folder)]
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert server.stdout
    try:
        port = int(await server.stdout.readline())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.terminate()
        await server.wait()


async def _true() -> None:
    process = await asyncio.create_subprocess_exec("/bin/true")
    await process.wait()


async def _together(make: Callable[[], Awaitable[Any]]) -> list[Any]:
    return await asyncio.gather(*(make() for _ in range(CROWD)))


async def _mean(call: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - started) / CALLS


async def _timed(call: Callable[[], Awaitable[Any]]) -> tuple[Any, float]:
    started = time.perf_counter()
    return await call(), time.perf_counter() - started
