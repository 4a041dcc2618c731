"""Pokes within one process: an `asyncio.Event` for each reader, set from whichever thread wrote."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

QUEUE = "queue"
"""The topic poked when a run can be claimed; project ids are the other topics."""


class EventPoke:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Return when poked, or after the time-out. Pokes that came since the last wait count."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        self._event.clear()

    def set(self) -> None:
        """Wake the reader, from any thread."""
        # A loop that has ended raises: nobody waits there any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._event.set)


class Pokes:
    """Who waits for which topic."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[EventPoke]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def watch(self, topic: str) -> Iterator[EventPoke]:
        poke = EventPoke()
        with self._lock:
            self._waiting.setdefault(topic, set()).add(poke)
        try:
            yield poke
        finally:
            with self._lock:
                waiting = self._waiting[topic]
                waiting.discard(poke)
                if not waiting:
                    del self._waiting[topic]

    @property
    def watched(self) -> bool:
        return bool(self._waiting)

    def poke(self, topic: str) -> None:
        with self._lock:
            waiting = list(self._waiting.get(topic, ()))
        for poke in waiting:
            poke.set()

    def poke_all(self) -> None:
        with self._lock:
            waiting = [poke for pokes in self._waiting.values() for poke in pokes]
        for poke in waiting:
            poke.set()
