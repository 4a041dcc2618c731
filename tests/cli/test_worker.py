"""`codeflow worker`: runs are worked on without a page."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from backend.config import ROOT, Settings
from backend.domain import RunKind, RunStatus
from backend.store.sqlite import SqliteStore
from backend.web.session import LOCAL_USER
from backend.workspace.starter import starter_files
from tests.runs.stage import until


@pytest.mark.sandbox
async def test_a_worker_works_on_what_is_queued_and_leaves_when_told(tmp_path: Path) -> None:
    settings = Settings()
    store = await SqliteStore.open(settings.database)
    project = await store.create_project(LOCAL_USER, "", starter_files())
    await store.start_run(LOCAL_USER, project.id, "wake-it-up", RunKind.WAKE, "Wake the preview")
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "backend.cli", "worker"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AI_PROVIDER": "demo", "CODEFLOW_SANDBOX_POOL": "0"},
        stderr=asyncio.subprocess.PIPE,
    )
    try:

        async def awake() -> bool:
            return (await store.run(LOCAL_USER, "wake-it-up")).status is RunStatus.SUCCEEDED

        await until(awake, 200)
        assert (await store.project(LOCAL_USER, project.id)).preview_url
        worker.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(worker.communicate(), 60)
    finally:
        if worker.returncode is None:
            worker.kill()
        await store.close()
    assert worker.returncode == 0
    assert "Working on up to 2 runs" in said.decode()
