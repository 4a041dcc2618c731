"""Booted sandboxes kept ready, so that `create` is a hand-over."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from .channel import GuestError, answer
from .limits import MB
from .machine import BootError
from .memory import ENOUGH, LOW, free_memory
from .sandbox import Sandbox
from .sandboxes import NoRoom, Sandboxes

log = logging.getLogger(__name__)

READY_S = 180.0
ASK_S = 60.0
ASK_EVERY_S = 0.25
RETRY_S = 30.0
WATCH_EVERY_S = 1.0


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
        """Keep the pool as full as memory allows."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_full())
            tasks.create_task(self._watch_memory())

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            free = free_memory()
            if free is not None and free < LOW:
                await self.shrink(free)

    async def shrink(self, free: int) -> None:
        """Give up one sandbox, the one that is still warming up first; `free`: bytes of memory left, for the log."""
        ready = max(self._ready.values(), key=len, default=[])
        if self._warming:
            _, sandbox = self._warming.popitem()
        elif ready:
            sandbox = ready.pop(0)
        else:
            return
        log.warning("the pool gives sandbox %s up: the machine has %s MB of memory left", sandbox.id, free // MB)
        await sandbox.kill("its memory is needed")

    async def _keep_full(self) -> None:
        """One sandbox boots at a time."""
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
                free = free_memory()
                if free is not None and free < ENOUGH:
                    log.warning("the pool waits: the machine has less than %s MB of memory left", ENOUGH // MB)
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
