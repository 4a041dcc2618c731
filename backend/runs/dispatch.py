"""Where queued runs are worked on: in this process, or by workers that are started elsewhere for each run."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx

from backend.config import Settings
from backend.domain import CodeFlowError, Unavailable
from backend.runs.reaper import Reaper
from backend.runs.worker import Worker

log = logging.getLogger(__name__)

PAUSES_S = (0.5, 2.0, 5.0)
"""Before each further try to have a worker started."""
ANSWER_S = 30.0
"""How long the endpoint may take: its container may have to be started first."""
LAST_CALLS_S = 5.0
"""How long a closing process waits for calls under way."""


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


class Dispatch:
    """Has a worker started elsewhere for each queued run. What gets lost on the way, the reaper there finds."""

    def __init__(self, start_worker: Callable[[str | None], Awaitable[None]]) -> None:
        """`start_worker` raises `Unavailable` when it may work a moment later, another `CodeFlowError` when not."""
        self._start_worker = start_worker
        self._calls: set[asyncio.Task[None]] = set()

    def queued(self, run_id: str | None) -> None:
        """A run waits for a worker; None: one does, and its id is not known here. Returns at once."""
        call = asyncio.create_task(self._call(run_id), name="dispatch")
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        call.add_done_callback(_tell_of_failure)

    async def close(self) -> None:
        if self._calls:
            await asyncio.wait(self._calls, timeout=LAST_CALLS_S)
        for call in self._calls:
            call.cancel()

    async def _call(self, run_id: str | None) -> None:
        what = f"Run {run_id}" if run_id else "A share's preview"
        for pause_s in (*PAUSES_S, None):
            try:
                await self._start_worker(run_id)
                return
            except Unavailable as e:
                if pause_s is None:
                    log.error("%s has to wait for the reaper: %s", what, e.message)
                    return
                await asyncio.sleep(pause_s)
            except CodeFlowError as e:
                log.error("%s has to wait for the reaper: %s", what, e.message)
                return


class ModalDispatch(Dispatch):
    """By the `dispatch` endpoint of `modal_app.py`, which only Modal's proxy tokens open."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        super().__init__(self._post)
        self._url = url
        self._http = httpx.AsyncClient(headers={"Modal-Key": key, "Modal-Secret": secret}, timeout=ANSWER_S)

    @classmethod
    def for_settings(cls, settings: Settings) -> "ModalDispatch | None":
        """None where it is not set up, or one user's store is on this machine. Raises `Unavailable` without the token."""
        url, key, secret = settings.dispatch_url, settings.dispatch_key, settings.dispatch_secret
        if not url or not settings.multi_user:
            return None
        if not (key and secret):
            raise Unavailable(
                "CODEFLOW_DISPATCH_URL is set, but CODEFLOW_DISPATCH_KEY or CODEFLOW_DISPATCH_SECRET is not. "
                "Set both, to a proxy token of the Modal workspace: `modal workspace proxy-tokens create`."
            )
        return cls(url, key.get_secret_value(), secret.get_secret_value())

    async def check(self) -> None:
        """Whether the endpoint is there and takes the token. Starts nothing. Raises `CodeFlowError`."""
        # It takes a POST only, and says so to whom Modal lets in.
        await self._send("GET", expected=405)

    async def _post(self, run_id: str | None) -> None:
        await self._send("POST", expected=200, json={"run_id": run_id})

    async def _send(self, method: str, expected: int, **content: Any) -> None:
        try:
            answer = await self._http.request(method, self._url, **content)
        except (httpx.TransportError, httpx.InvalidURL) as e:
            raise Unavailable(f"CODEFLOW_DISPATCH_URL does not answer ({type(e).__name__}: {e}).") from e
        if answer.status_code == expected:
            return
        told = f"CODEFLOW_DISPATCH_URL answered {answer.status_code}: {answer.text[:300]}"
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Unavailable(told)
        if answer.status_code in (401, 403):
            told = f"Modal refused CODEFLOW_DISPATCH_KEY and CODEFLOW_DISPATCH_SECRET ({answer.status_code})."
        elif answer.status_code == 404:
            told = "CODEFLOW_DISPATCH_URL leads nowhere (404). `codeflow deploy modal` prints the right one."
        raise CodeFlowError(told)

    async def close(self) -> None:
        await super().close()
        await self._http.aclose()


def _tell_of_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("The %s ended unexpectedly", task.get_name(), exc_info=error)
