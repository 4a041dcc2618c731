"""Works on queued runs, each under a lease it keeps alive."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable

from backend.agent.gate import Gate
from backend.config import Settings
from backend.domain import CodeFlowError, FailureCode, Lease, LeaseLost, Project, Run, RunKind, RunStatus, Unavailable
from backend.events import RunFinished
from backend.runs.edit import run_edit
from backend.runs.job import AgentWork, Finish, Job, failed
from backend.runs.journal import FRAME_S, REMOTE_FRAME_S, RunJournal
from backend.runs.prompt import run_prompt
from backend.runs.restore import run_restore
from backend.runs.sandbox import settle_preview
from backend.runs.wake import run_wake
from backend.store import Store
from backend.workspace import SandboxUnavailable
from backend.workspace.contract import Workspaces

log = logging.getLogger(__name__)

KINDS: dict[RunKind, Callable[[Job], Awaitable[Finish]]] = {
    RunKind.PROMPT: run_prompt,
    RunKind.EDIT: run_edit,
    RunKind.RESTORE: run_restore,
    RunKind.WAKE: run_wake,
}
MAX_ATTEMPTS = 8
"""A run that so many workers did not survive is ended, instead of taking the next one down."""
QUEUE_POLL_S = 1.0
"""How late a run is found when its poke was lost."""
CANCEL_GLANCE_S = 0.05
"""How often, at most, a busy run is asked whether it was cancelled."""
RETRY_S = 1.0


class Worker:
    """Works on `slots` runs at once. `serve` until `stop`; or `run_one`, for a process started for a single run."""

    def __init__(
        self,
        store: Store,
        workspaces: Workspaces,
        gate: Gate,
        agent: AgentWork,
        settings: Settings,
        *,
        slots: int | None = None,
    ) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._store = store
        self._workspaces = workspaces
        self._gate = gate
        self._agent = agent
        self._settings = settings
        self._slots = settings.workers if slots is None else slots
        self._working: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._trouble = ""
        """Why no run could be claimed the last time: told once, not every second of an outage."""

    async def serve(self) -> None:
        """Claim and work until `stop` is called, or the task is cancelled; then hand back what is unfinished."""
        try:
            with self._store.watch_queue() as poke:
                while not self._stopping.is_set():
                    if len(self._working) < self._slots and await self._claim():
                        continue
                    await self._rest(poke.wait(QUEUE_POLL_S))
        finally:
            await self._hand_back()

    async def run_one(self, run_id: str) -> bool:
        """Work on the run until it is over, or surely a living worker's: a dead one's lease is waited out.

        False: `stop` came first, and the run needs another worker. It is handed back, also when the task is cancelled.
        Raises `NotFound` when there is no such run, and `Unavailable`.
        """
        try:
            with self._store.watch_queue() as poke:
                idle_since = time.monotonic()
                while not self._stopping.is_set():
                    if await self._claim(run_id):
                        await self._rest(*self._working)
                        idle_since = time.monotonic()
                    elif await self._done_with(run_id, idle_since):
                        return True
                    else:
                        await self._rest(poke.wait(QUEUE_POLL_S))
            return False
        finally:
            await self._hand_back()

    def stop(self) -> None:
        """Finish nothing, lose nothing: every run goes back to the queue at once. For signal handlers too."""
        self._stopping.set()

    async def _claim(self, run_id: str | None = None) -> bool:
        try:
            claimed = await self._store.claim_run(self.id, self._settings.lease_s, run_id)
        except Exception as e:
            # A worker that ends for this would leave every later run waiting for ever.
            if str(e) != self._trouble:
                log.error("No run could be claimed: %s", e, exc_info=not isinstance(e, Unavailable))
            self._trouble = str(e)
            await self._rest(asyncio.sleep(RETRY_S))
            return False
        self._trouble = ""
        if claimed is None:
            return False
        task = asyncio.create_task(self._work(*claimed))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return True

    async def _done_with(self, run_id: str, idle_since: float) -> bool:
        status = await self._store.run_status(run_id)
        # By then a dead worker's lease would have run out, and been claimed here.
        anothers = time.monotonic() > idle_since + 2 * self._settings.lease_s
        return status.over or (status is RunStatus.RUNNING and anothers)

    async def _rest(self, *until: Awaitable[None]) -> None:
        """Wait for the first of `until`, or `stop`, or a run's end."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        waited = [asyncio.ensure_future(a) for a in until]
        try:
            await asyncio.wait({stopping, *waited, *self._working}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in {stopping, *waited} - self._working:
                future.cancel()

    async def _hand_back(self) -> None:
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _work(self, run: Run, project: Project, lease: Lease) -> None:
        watch = _Watch(self._store, run, lease, self._settings.lease_s)
        body = asyncio.create_task(self._finish(run, project, lease))
        guard = asyncio.create_task(watch.keep(body))
        try:
            await asyncio.wait({body})
        except asyncio.CancelledError:
            body.cancel()
            await asyncio.wait({body})
            if body.cancelled():
                with contextlib.suppress(LeaseLost, Unavailable):
                    await self._store.release_lease(lease)
            return
        finally:
            guard.cancel()
        if body.cancelled() and watch.cancel_requested:
            with contextlib.suppress(LeaseLost):
                await self._end(run, project, lease, Finish(RunStatus.CANCELLED))
        elif not body.cancelled() and (error := body.exception()):
            # The store did not take the end of the run: its lease runs out, and a worker tries again.
            log.error("Run %s was left for another worker: %s", run.id, error)

    async def _finish(self, run: Run, project: Project, lease: Lease) -> None:
        try:
            finish = await self._attempt(run, project, lease)
            await self._end(run, project, lease, finish)
        except LeaseLost:
            log.info("Run %s is another worker's now.", run.id)

    async def _attempt(self, run: Run, project: Project, lease: Lease) -> Finish:
        if run.cancel_requested:
            return Finish(RunStatus.CANCELLED)
        if run.attempt > MAX_ATTEMPTS:
            return failed(
                FailureCode.INTERNAL,
                f"The run was interrupted {MAX_ATTEMPTS} times and was ended.",
                "Everything written is kept. Try again; if it happens again, look into the server's log.",
            )
        job = await self._job(run, project, lease)
        try:
            return await KINDS[run.kind](job)
        except SandboxUnavailable as e:
            return failed(FailureCode.SANDBOX, e.message, "Your files are kept. Run `codeflow doctor`, then try again.")
        except Unavailable as e:
            return failed(FailureCode.INTERNAL, e.message, "Everything saved before is kept. Then try again.")
        except LeaseLost:
            raise
        except Exception as e:
            log.exception("Run %s failed", run.id)
            return failed(
                FailureCode.INTERNAL,
                f"CodeFlow itself went wrong ({type(e).__name__}: {str(e)[:200]}).",
                "Everything written is kept. Try again; the server's log has the details.",
            )
        finally:
            await job.journal.close()

    async def _job(self, run: Run, project: Project, lease: Lease) -> Job:
        frame_s = REMOTE_FRAME_S if self._settings.multi_user else FRAME_S
        journal = await RunJournal.open(self._store, run, project, lease, frame_s)
        return Job(self._store, self._workspaces, self._gate, self._agent, self._settings, run, project, journal, lease)

    async def _end(self, run: Run, project: Project, lease: Lease, finish: Finish) -> None:
        job = await self._job(run, project, lease)
        await settle_preview(job)
        event = RunFinished(
            status=finish.status,
            verified=finish.verified,
            failure=finish.failure,
            version_id=finish.version_id,
            duration_s=round(max(0.0, time.time() - run.created_at.timestamp()), 3),
            cost_micros=job.journal.cost_micros,
        )
        await self._store.finish_run(lease, event)


class _Watch:
    """Keeps a run's lease, and stops the work when the run is cancelled or the lease is lost."""

    def __init__(self, store: Store, run: Run, lease: Lease, lease_s: float) -> None:
        self._store = store
        self._run = run
        self._lease = lease
        self._lease_s = lease_s
        self.cancel_requested = False

    async def keep(self, body: asyncio.Task[None]) -> None:
        renewed = time.monotonic()
        with self._store.watch_run(self._run) as poke:
            while True:
                due = renewed + self._lease_s / 3 - time.monotonic()
                await poke.wait(max(0.0, min(due, 1.0)))
                try:
                    if time.monotonic() >= renewed + self._lease_s / 3:
                        now = await self._store.renew_lease(self._lease, self._lease_s)
                        renewed = time.monotonic()
                    else:
                        now = await self._store.leased_run(self._lease)
                except CodeFlowError as e:
                    if not isinstance(e, Unavailable):
                        body.cancel()
                        return
                    log.warning("The lease of run %s could not be renewed: %s", self._run.id, e.message)
                    if time.monotonic() > renewed + self._lease_s:
                        body.cancel()
                        return
                    await asyncio.sleep(RETRY_S)
                    continue
                if now.cancel_requested:
                    self.cancel_requested = True
                    body.cancel()
                    return
                await asyncio.sleep(CANCEL_GLANCE_S)
