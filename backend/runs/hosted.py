"""Work on runs in processes that come and go: on one run, or one look at what waits; then the process may end."""

import asyncio
import contextlib
import importlib
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from backend.config import Settings
from backend.domain import NotFound, Unavailable
from backend.runs import needs
from backend.runs.agents import agent_work, check_app
from backend.runs.dispatch import Dispatch
from backend.runs.reaper import Reaper
from backend.runs.worker import Worker
from backend.store.opening import open_store
from backend.telemetry import begin, flush_spans
from backend.workspace.awaited import AwaitedWorkspaces
from backend.workspace.contract import Workspaces

if TYPE_CHECKING:
    from backend.agent.models import Models

log = logging.getLogger(__name__)

STARTED_AT_ONCE = 100
"""Workers started by one look at the queue, at most."""
NEEDED_BY_WORKERS = (
    "backend.store.supabase",
    "backend.workspace.e2b",
    "backend.checks",
    "backend.agent.loop",
    "backend.agent.demo",
    "pydantic_ai.models.openai",
    "pydantic_ai.providers.openai",
    "pydantic_ai.models.google",
    "pydantic_ai.providers.google",
)


async def work_on(settings: Settings, run_id: str, start_worker: Callable[[str | None], Awaitable[None]]) -> None:
    """Until the run is over, or surely another's. `start_worker` is asked for one for each run that follows from it.

    Raises `Unavailable` when the process is told to end first: the run is handed back, and another goes on with it.
    """
    begin(settings.log_format)
    needs.require(settings, needs.WORKER)
    store = await open_store(settings)
    workspaces = AwaitedWorkspaces()
    # It takes seconds, and the run can be claimed meanwhile.
    loading = asyncio.create_task(_load(settings, workspaces))
    dispatch = Dispatch(start_worker)
    agent = agent_work(lambda: asyncio.shield(loading))
    worker = Worker(store, workspaces, check_app, agent, settings, queued=dispatch.queued)
    try:
        with _told_to_end(worker.stop):
            if not await worker.run_one(run_id):
                raise Unavailable(f"This worker has to end before run {run_id} is over. It was handed back.")
    except NotFound:
        log.info("Run %s is gone: its project was deleted.", run_id)
    finally:
        loading.cancel()
        await dispatch.close()
        await store.close()
        await asyncio.to_thread(flush_spans)


async def look_after(settings: Settings, start_worker: Callable[[str], Awaitable[object]]) -> list[str]:
    """Send follow-ups whose turn it is, start a worker for every run that waits for one, and let go of sandboxes nobody
    uses. The ids of those runs.
    """
    begin(settings.log_format)
    needs.require(settings, needs.WORKER)
    store = await open_store(settings)
    try:
        try:
            # A worker that died right after its run's end has not sent what waited for it.
            await store.send_due_followups()
        except Exception as e:
            # They wait in the store; runs and sandboxes are looked after all the same.
            log.error("Follow-ups could not be sent: %s", e, exc_info=not isinstance(e, Unavailable))
        waiting = await store.claimable(STARTED_AT_ONCE)
        for run_id in waiting:
            await start_worker(run_id)
        await Reaper(store, _sandboxes(settings), settings.sandbox_keep_s).tried()
        return waiting
    finally:
        await store.close()


def preload() -> None:
    """Import what a worker needs. Opens nothing and starts nothing: a snapshot of the memory may be taken after it."""
    for module in NEEDED_BY_WORKERS:
        importlib.import_module(module)


async def _load(settings: Settings, workspaces: AwaitedWorkspaces) -> "Models":
    try:
        sandboxes = await asyncio.to_thread(_sandboxes, settings)
        workspaces.provide(lambda: sandboxes)
        return await asyncio.to_thread(_models, settings)
    except Exception as e:
        workspaces.refuse(f"The worker could not be made ready ({type(e).__name__}: {e}). Look into its log.")
        raise


def _sandboxes(settings: Settings) -> Workspaces:
    from backend.workspace.e2b import E2BWorkspaces, SandboxService

    return E2BWorkspaces(SandboxService.for_settings(settings))


def _models(settings: Settings) -> "Models":
    from backend.agent.models import Models

    return Models.for_settings(settings)


@contextlib.contextmanager
def _told_to_end(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when the process gets SIGTERM, where signals can be heard."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGTERM, stop)
    except (NotImplementedError, RuntimeError, ValueError):
        # Not the main thread, or not on this system.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
