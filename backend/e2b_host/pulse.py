"""Asks running sandboxes' agents whether they are there: one that hangs is no better than one that crashed."""

import asyncio
import logging

from .channel import GuestError
from .sandbox import Sandbox
from .sandboxes import Sandboxes

log = logging.getLogger(__name__)

EVERY_S = 2.0
PATIENCE_S = 30.0
"""A machine under load may keep an agent waiting."""


class Pulse:
    def __init__(self, sandboxes: Sandboxes, every_s: float = EVERY_S, patience_s: float = PATIENCE_S) -> None:
        self._sandboxes = sandboxes
        self._every_s = every_s
        self._patience_s = patience_s
        self._asked: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            self._asked = {id: task for id, task in self._asked.items() if not task.done()}
            for sandbox in self._sandboxes.every:
                if sandbox.usable and sandbox.id not in self._asked:
                    self._asked[sandbox.id] = asyncio.create_task(self._ask(sandbox))

    async def _ask(self, sandbox: Sandbox) -> None:
        """End the sandbox unless its agent answers in time."""
        try:
            async with asyncio.timeout(self._patience_s):
                while sandbox.usable and not await _answers(sandbox):
                    await asyncio.sleep(self._every_s)
        except TimeoutError:
            if sandbox.usable:
                await sandbox.give_up(f"its agent hangs: it did not answer for {self._patience_s:g} s")


async def _answers(sandbox: Sandbox) -> bool:
    try:
        await sandbox.channel.call({"op": "ping"})
    except GuestError:
        return False
    return True
