"""CodeFlow on Modal: a worker for each run, an endpoint that starts one, a reaper, and the page.

`codeflow deploy modal` deploys it. Importing this file is quick: what a function needs is imported when it runs, or,
for workers, before a snapshot of their memory is taken. Without Supabase and E2B every function refuses.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import modal
from pydantic import BaseModel, Field

ROOT = Path(__file__).resolve().parent
HOME = "/root"
"""Where Modal puts this file, and starts."""
PYTHON = "3.11"
FOLDERS = ("backend", "prompts", "template", "ui")
NOT_OURS = ["**/__pycache__", "**/node_modules", "**/.next"]
DAY_S = 24 * 60 * 60
WORKER: dict[str, str | None] = {"CODEFLOW_PRELOAD": "1"}

image = (
    modal.Image.debian_slim(python_version=PYTHON)
    .pip_install_from_requirements(str(ROOT / "requirements.txt"))
    .env({"CODEFLOW_DATA_DIR": "/tmp/codeflow", "CODEFLOW_CACHE_DIR": "/tmp/codeflow", "PYTHONUNBUFFERED": "1"})
)
for folder in FOLDERS:
    image = image.add_local_dir(ROOT / folder, f"{HOME}/{folder}", ignore=NOT_OURS)

app = modal.App("codeflow", image=image, secrets=[modal.Secret.from_name("codeflow")])

if not modal.is_local() and os.environ.get("CODEFLOW_PRELOAD"):
    from backend.runs.hosted import preload

    preload()


class Queued(BaseModel):
    run_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """None: some run waits; look at the queue."""


@app.function(
    env=WORKER,
    timeout=DAY_S,
    retries=modal.Retries(max_retries=8, initial_delay=1.0, max_delay=30.0),
    cpu=1.0,
    memory=1024,
    max_containers=100,
    enable_memory_snapshot=True,
)
async def run_agent(run_id: str) -> None:
    """Work on the run until it is over. Interrupted, it hands the run back and fails, so that Modal tries again.

    Twice for one run is harmless: the store gives it to one worker only, and the other leaves.
    """
    from backend.config import Settings
    from backend.runs.hosted import work_on

    await work_on(Settings(), run_id, start_worker)


@app.function(env=WORKER, schedule=modal.Period(minutes=1), timeout=300, max_containers=1, enable_memory_snapshot=True)
async def reap() -> list[str]:
    """Start workers for runs that wait for one or lost theirs, and let go of sandboxes nobody uses."""
    from backend.config import Settings
    from backend.runs.hosted import look_after

    return await look_after(Settings(), run_agent.spawn.aio)


@app.function(timeout=60, enable_memory_snapshot=True)
@modal.fastapi_endpoint(method="POST", requires_proxy_auth=True)
async def dispatch(queued: Queued) -> dict[str, bool]:
    """Start a worker for the run. Modal lets in only who has a proxy token of the workspace."""
    from fastapi import HTTPException

    from backend.config import Settings
    from backend.domain import CodeFlowError
    from backend.runs import needs

    try:
        needs.require(Settings(), needs.WORKER)
    except CodeFlowError as error:
        raise HTTPException(503, error.message) from None
    await start_worker(queued.run_id)
    return {"ok": True}


@app.function(timeout=DAY_S, max_containers=1, cpu=1.0, memory=1024, scaledown_window=600)
@modal.concurrent(max_inputs=1000)
@modal.asgi_app()
def web() -> Callable[..., Any]:
    """The page. One container: it counts what visitors may do, and each stream of a project's news holds one input."""
    from backend.config import Settings
    from backend.runs import needs
    from backend.runs.dispatch import Dispatch
    from ui.hosted import HostedPage

    settings = Settings()
    needs.require(settings, needs.PAGE)
    # It has no need to work on runs, so it does without the right to.
    reduced = settings.model_copy(update={"workers": 0, "supabase_worker_token": None})
    return HostedPage(reduced, lambda: Dispatch(start_worker))


async def start_worker(run_id: str | None) -> None:
    """For this run; None: for all that wait."""
    await (run_agent.spawn.aio(run_id) if run_id else reap.spawn.aio())
