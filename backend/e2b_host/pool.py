"""Booted sandboxes kept ready, so that `create` is a hand-over."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from .channel import GuestError, answer
from .machine import BootError
from .sandbox import Sandbox
from .sandboxes import NoRoom, Sandboxes

log = logging.getLogger(__name__)

READY_S = 180.0
ASK_S = 60.0
ASK_EVERY_S = 0.25
RETRY_S = 30.0
LEAST_FREE_MB = 2048
"""The pool does not grow while the machine has less free memory than this."""


class Pool:
    def __init__(self, sandboxes: Sandboxes, sizes: Mapping[str, int], delay_s: float) -> None:
        self._sandboxes = sandboxes
        self._sizes = sizes
        self._delay_s = delay_s
        self._ready: dict[str, list[Sandbox]] = {name: [] for name in sizes}
        self._warming: dict[str, Sandbox] = {}
        self._taken = asyncio.Event()
        sandboxes.take_pooled = self.take
        sandboxes.pooled = self.ready

    def take(self, template: str) -> Sandbox | None:
        """A ready sandbox; else the one that is warming up, which is further than a new one would be."""
        sandbox = next((found for found in self._ready.get(template, ()) if found.usable), None)
        if sandbox:
            self._ready[template].remove(sandbox)
        elif (warming := self._warming.get(template)) and warming.usable:
            sandbox = self._warming.pop(template)
        if sandbox:
            self._taken.set()
        return sandbox

    def ready(self) -> int:
        return sum(sandbox.usable for ready in self._ready.values() for sandbox in ready)

    async def run(self) -> None:
        """Keep the pool full; one sandbox boots at a time."""
        while True:
            pause = await self._fill()
            if pause is None:
                await self._wait_for_change()
            else:
                await asyncio.sleep(pause)

    async def _wait_for_change(self) -> None:
        """Until one is taken, and a moment longer, for the taken one's first compile comes first.

        Now and then without that, so that dead ones are replaced.
        """
        self._taken.clear()
        try:
            async with asyncio.timeout(RETRY_S):
                await self._taken.wait()
            await asyncio.sleep(self._delay_s)
        except TimeoutError:
            return

    async def _fill(self) -> float | None:
        """Boot what is missing; returns seconds to wait before trying again, None when full."""
        for name, size in self._sizes.items():
            while len(self._drop_dead(name)) < size:
                if free_mb() < LEAST_FREE_MB:
                    log.warning("the pool waits: less than %s MB of memory are free", LEAST_FREE_MB)
                    return RETRY_S
                if not await self._warm(name):
                    return self._delay_s if self._taken.is_set() else RETRY_S
        return None

    def _drop_dead(self, name: str) -> list[Sandbox]:
        self._ready[name] = [sandbox for sandbox in self._ready[name] if sandbox.usable]
        return self._ready[name]

    async def _warm(self, name: str) -> bool:
        """Boot one and wait until its port answers; False when it failed or was taken before."""
        template = self._sandboxes.templates[name]
        try:
            sandbox = await self._sandboxes.boot(template)
        except (BootError, NoRoom) as error:
            log.error("the pool cannot boot %s: %s", name, error)
            return False
        self._warming[name] = sandbox
        ready = template.ready_port is None or await _answers(
            sandbox, template.ready_port, lambda: name in self._warming
        )
        if self._warming.pop(name, None) is None:
            return False
        if not ready:
            log.error(
                "the pool drops a sandbox of %s: port %s did not answer in %s s", name, template.ready_port, READY_S
            )
            await sandbox.kill("it did not become ready")
            return False
        log.info("the pool has a sandbox of %s ready", name)
        self._ready[name].append(sandbox)
        return True


async def _answers(sandbox: Sandbox, port: int, still_wanted: Callable[[], bool]) -> bool:
    """Whether an HTTP server answers on the port in time."""
    try:
        async with asyncio.timeout(READY_S):
            while sandbox.usable and still_wanted():
                if await _ask(sandbox, port):
                    return True
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        pass
    return False


async def _ask(sandbox: Sandbox, port: int) -> bool:
    try:
        reader, writer = await sandbox.channel.open({"op": "tcp", "port": port})
        try:
            await answer(reader)
            writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            async with asyncio.timeout(ASK_S):
                return (await reader.read(5)).startswith(b"HTTP/")
        finally:
            writer.close()
    except (GuestError, OSError, TimeoutError):
        return False


def free_mb() -> int:
    """Memory that can be had without swapping; where the system does not tell, enough."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return LEAST_FREE_MB
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0
