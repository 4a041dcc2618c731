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
from backend.runs.measuring import measure_end, observed
from backend.runs.plan import run_plan
from backend.runs.prompt import run_prompt
from backend.runs.restore import run_restore
from backend.runs.sandbox import settle_preview
from backend.runs.undo import take_back
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
    RunKind.PLAN: run_plan,
}
MAX_ATTEMPTS = 8
"""A run that so many workers did not survive is ended, instead of taking the next one down."""
QUEUE_POLL_S = 1.0
"""How late a run is found when its poke was lost."""
CANCEL_GLANCE_S = 0.05
"""How often, at most, a busy run is asked whether it was cancelled."""
RETRY_S = 1.0
FOLLOWUPS_S = 10.0
"""How late follow-ups are sent whose worker died between its run's end and that."""
LEAVE_S = 0.1
"""How long a stopped run's work may take to let go before its end is told. It lets go all the same."""
LEAVE_FIRST_S = 15.0
"""The same where its files are to be taken back, or the project's next run waits, or may begin in another process: they
must not be written to at once."""


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
        queued: Callable[[str], None] = lambda run_id: None,
    ) -> None:
        """`queued` is told of the runs that follow-ups become, where workers do not hear of them from the store."""
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._store = store
        self._workspaces = workspaces
        self._gate = gate
        self._agent = agent
        self._settings = settings
        self._slots = settings.workers if slots is None else slots
        self._queued = queued
        self._working: set[asyncio.Task[None]] = set()
        self._leaving: dict[asyncio.Task[bool], str] = {}
        """The work on runs that were stopped, which still lets go of its sandbox, and whose project it is."""
        self._journals: dict[str, RunJournal] = {}
        """Of runs at work, by lease: a project's journal is long, and read once."""
        self._followups_at = 0.0
        self._stopping = asyncio.Event()
        self._trouble = ""
        """Why no run could be claimed the last time: told once, not every second of an outage."""

    async def serve(self) -> None:
        """Claim and work until `stop` is called, or the task is cancelled; then hand back what is unfinished."""
        try:
            with self._store.watch_queue() as poke:
                while not self._stopping.is_set():
                    if time.monotonic() >= self._followups_at:
                        await self._send_followups()
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
        await asyncio.gather(*self._working, *self._leaving, return_exceptions=True)

    async def _send_followups(self) -> None:
        self._followups_at = time.monotonic() + FOLLOWUPS_S
        try:
            sent = await self._store.send_due_followups()
        except Exception as e:
            # They wait in the store, and this is tried again soon.
            log.warning("Follow-ups could not be sent: %s", e, exc_info=not isinstance(e, Unavailable))
            return
        for run_id in sent:
            self._queued(run_id)

    @observed
    async def _work(self, run: Run, project: Project, lease: Lease) -> None:
        watch = _Watch(self._store, run, lease, self._settings.lease_s)
        body = asyncio.create_task(self._finish(run, project, lease))
        guard = asyncio.create_task(watch.keep(body))
        try:
            await asyncio.wait({body, guard}, return_when=asyncio.FIRST_COMPLETED)
            if watch.stopped:
                guard = asyncio.create_task(watch.keep(body))
                if await self._left(body, watch.stopped):
                    guard.cancel()
                    body = asyncio.create_task(self._finish(watch.stopped, project, lease))
                    guard = asyncio.create_task(watch.keep(body))
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
            self._journals.pop(lease.token, None)
        if body.cancelled():
            return
        if error := body.exception():
            # The store did not take the end of the run: its lease runs out, and a worker tries again.
            log.error("Run %s was left for another worker: %s", run.id, error)
        elif body.result():
            await self._send_followups()

    async def _left(self, body: asyncio.Task[bool], run: Run) -> bool:
        """Whether the work on a run was broken off, to be ended as stopped. It may still be letting go of its sandbox,
        which can take long; writing under the lease it cannot any more once the run is over.
        """
        first = run.undo_requested or self._settings.multi_user
        await asyncio.wait({body}, timeout=LEAVE_FIRST_S if first else LEAVE_S)
        if body.done():
            return body.cancelled()

        def gone(task: asyncio.Task[bool]) -> None:
            self._leaving.pop(task, None)
            if not task.cancelled() and (error := task.exception()):
                log.warning("Run %s was stopped, but did not end well: %s", run.id, error)

        self._leaving[body] = run.project_id
        body.add_done_callback(gone)
        return True

    async def _finish(self, run: Run, project: Project, lease: Lease) -> bool:
        """Whether the run was finished here, and succeeded."""
        leaving = [task for task, project_id in self._leaving.items() if project_id == project.id]
        if leaving and not run.cancel_requested:
            await asyncio.wait(leaving, timeout=LEAVE_FIRST_S)
        try:
            job = await self._job(run, project, lease)
            finish = await self._attempt(job)
            await self._end(job, finish)
        except LeaseLost:
            log.info("Run %s is another worker's now.", run.id)
            return False
        return finish.status is RunStatus.SUCCEEDED

    async def _attempt(self, job: Job) -> Finish:
        run = job.run
        if run.cancel_requested:
            await self._undo(job)
            return Finish(RunStatus.CANCELLED)
        if run.attempt > MAX_ATTEMPTS:
            return failed(
                FailureCode.INTERNAL,
                f"The run was interrupted {MAX_ATTEMPTS} times and was ended.",
                "Everything written is kept. Try again; if it happens again, look into the server's log.",
            )
        try:
            return await KINDS[run.kind](job)
        except SandboxUnavailable as e:
            return failed(FailureCode.SANDBOX, e.message, "Your files are kept. Run `codeflow doctor`, then try again.")
        except Unavailable as e:
            if e.passes:
                # Nothing is wrong with the run: when its lease has run out, a worker goes on with it.
                raise
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

    async def _undo(self, job: Job) -> None:
        """Where it is asked for. What cannot be taken back is kept: the run ends, or no other could ever begin."""
        if job.run.attempt > MAX_ATTEMPTS:
            log.error("What run %s wrote was not taken back: that was interrupted too often", job.run.id)
            return
        try:
            # Whoever stops it may think better of it meanwhile, and want the files back too.
            if (await self._store.leased_run(job.lease)).undo_requested:
                await take_back(job)
        except LeaseLost:
            raise
        except Exception as e:
            if isinstance(e, Unavailable) and e.passes:
                raise
            log.exception("What run %s wrote could not be taken back", job.run.id)

    async def _job(self, run: Run, project: Project, lease: Lease) -> Job:
        frame_s = REMOTE_FRAME_S if self._settings.multi_user else FRAME_S
        if earlier := self._journals.get(lease.token):
            journal = await earlier.reopened(run)
        else:
            journal = await RunJournal.open(self._store, run, project, lease, frame_s)
        self._journals[lease.token] = journal
        return Job(self._store, self._workspaces, self._gate, self._agent, self._settings, run, project, journal, lease)

    async def _end(self, job: Job, finish: Finish) -> None:
        run = job.run
        job = await self._job(run, job.project, job.lease)
        await settle_preview(job)
        event = RunFinished(
            status=finish.status,
            verified=finish.verified,
            failure=finish.failure,
            version_id=finish.version_id,
            duration_s=round((job.journal.entries[-1].at - run.created_at).total_seconds(), 3),
            cost_micros=job.journal.cost_micros,
            sandbox_s=job.journal.sandbox_s,
        )
        await self._store.finish_run(job.lease, event)
        measure_end(run, event)


class _Watch:
    """Keeps a run's lease, and stops the work when the run is cancelled or the lease is lost."""

    def __init__(self, store: Store, run: Run, lease: Lease, lease_s: float) -> None:
        self._store = store
        self._run = run
        self._lease = lease
        self._lease_s = lease_s
        self._renewed = time.monotonic()
        self.stopped: Run | None = None
        """The run, once it was found to be cancelled."""

    async def keep(self, body: asyncio.Task[bool]) -> None:
        """Until the lease is lost, or the run was cancelled: then `body` is cancelled too, unless it knows already."""
        # At once: a cancel between the claim and here poked nobody.
        longest_s = 0.0
        with self._store.watch_run(self._run) as poke:
            while True:
                due = self._renewed + self._lease_s / 3 - time.monotonic()
                await poke.wait(max(0.0, min(due, longest_s)))
                longest_s = 1.0
                try:
                    if time.monotonic() >= self._renewed + self._lease_s / 3:
                        now = await self._store.renew_lease(self._lease, self._lease_s)
                        self._renewed = time.monotonic()
                    else:
                        now = await self._store.leased_run(self._lease)
                except CodeFlowError as e:
                    if not isinstance(e, Unavailable):
                        body.cancel()
                        return
                    log.warning("The lease of run %s could not be renewed: %s", self._run.id, e.message)
                    if time.monotonic() > self._renewed + self._lease_s:
                        body.cancel()
                        return
                    await asyncio.sleep(RETRY_S)
                    continue
                if now.cancel_requested and not self._run.cancel_requested:
                    self._run = self.stopped = now
                    body.cancel()
                    return
                await asyncio.sleep(CANCEL_GLANCE_S)
