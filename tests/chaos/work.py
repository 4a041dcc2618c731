"""What a worker process does: the real worker, store, journal and agent loop; a model that follows a script, and folders for sandboxes."""

import asyncio
import logging
import signal
import time
from pathlib import Path

from backend.agent.loop import run_agent  # noqa: F401  (imported before the first fork, as it takes seconds)
from backend.agent.models import Models
from backend.config import Settings
from backend.runs.agents import agent_work
from backend.runs.worker import Worker
from backend.store import Store, sqlite_database
from backend.store.sqlite import SqliteStore
from backend.store.supabase import SupabaseStore
from tests.chaos.nursery import Task
from tests.chaos.sandboxes import Sandboxes
from tests.chaos.script import scripted
from tests.runs.disk import gate


async def work(task: Task) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    folder = Path(task.folder)
    store = await _store(task, folder)
    models = scripted(folder, task.pace_s)

    async def chosen() -> Models:
        return models

    worker = Worker(store, Sandboxes(folder / "sandboxes"), gate, agent_work(chosen), _settings(task), slots=task.slots)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    try:
        await (worker.serve() if task.run_id is None else worker.run_one(task.run_id))
    finally:
        await store.close()


async def _store(task: Task, folder: Path) -> Store:
    # The embedded store's clock is the machine's, which is right; this process's is wrong.
    store_clock = time.time
    if task.clock_off_s:
        time.time = lambda: store_clock() + task.clock_off_s
    if task.lock_patience_s is not None:
        sqlite_database.BUSY_TIMEOUT_S = task.lock_patience_s
    if task.supabase:
        return await SupabaseStore.open(*task.supabase)
    return await SqliteStore.open(folder / "codeflow.db", clock=store_clock)


def _settings(task: Task) -> Settings:
    values = {"CODEFLOW_DATA_DIR": task.folder, "CODEFLOW_LEASE": task.lease_s}
    if task.supabase:
        address, key, token = task.supabase
        values |= {"SUPABASE_URL": address, "SUPABASE_PUBLISHABLE_KEY": key, "SUPABASE_WORKER_TOKEN": token}
    return Settings(**values)  # pyright: ignore[reportArgumentType]
