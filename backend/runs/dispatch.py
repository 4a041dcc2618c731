"""Where queued runs are worked on. Here: in this process."""

import asyncio
import logging
from collections.abc import Coroutine

from backend.runs.reaper import Reaper
from backend.runs.worker import Worker

log = logging.getLogger(__name__)


class LocalDispatch:
    """A worker and a reaper beside the web server. A queued run reaches the worker by the store's poke."""

    def __init__(self, worker: Worker, reaper: Reaper) -> None:
        self._worker = worker
        self._reaper = reaper
        self._tasks: list[asyncio.Task[None]] = []

    def start_worker(self) -> None:
        self._start("worker", self._worker.serve())

    def start_reaper(self) -> None:
        self._start("reaper", self._reaper.serve())

    async def close(self) -> None:
        """Hand unfinished runs back to the queue."""
        self._worker.stop()
        for task in self._tasks:
            if task.get_name() == "reaper":
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, name: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_tell_of_failure)
        self._tasks.append(task)


def _tell_of_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("The %s ended unexpectedly", task.get_name(), exc_info=error)
