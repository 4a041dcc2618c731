"""The page is up before the sandboxes are: runs wait, and say so."""

import asyncio
from pathlib import Path

from backend.domain import RunStatus
from backend.events import SandboxBooting
from backend.runs.service import Runs
from backend.runs.worker import Worker
from backend.web.setup import Setup
from backend.workspace.awaited import AwaitedWorkspaces
from tests.runs.disk import DiskWorkspaces, gate
from tests.runs.stage import USER, Stage, until


async def waiting_run(stage: Stage, awaited: AwaitedWorkspaces) -> tuple[Worker, asyncio.Task[None], str]:
    worker = Worker(stage.store, awaited, gate, stage.actor, stage.settings, slots=1)
    task = asyncio.create_task(worker.serve())
    run = await Runs(stage.store, awaited).start(USER, None, "a page")

    async def booting() -> bool:
        return any(isinstance(e.event, SandboxBooting) for e in await stage.entries(run))

    await until(booting)
    return worker, task, run.id


async def test_a_run_waits_for_the_sandboxes_and_then_goes_on(stage: Stage, tmp_path: Path) -> None:
    awaited = AwaitedWorkspaces()
    worker, task, run_id = await waiting_run(stage, awaited)
    assert (await stage.store.run(USER, run_id)).status is RunStatus.RUNNING
    workspaces = DiskWorkspaces(tmp_path / "sandboxes")
    awaited.provide(lambda: workspaces)
    assert (await stage.over(await stage.store.run(USER, run_id))).status is RunStatus.SUCCEEDED
    worker.stop()
    await task


async def test_a_waiting_run_can_be_stopped(stage: Stage) -> None:
    worker, task, run_id = await waiting_run(stage, AwaitedWorkspaces())
    await stage.runs.cancel(USER, run_id)
    over = await stage.over(await stage.store.run(USER, run_id))
    assert over.status is RunStatus.CANCELLED
    assert (await stage.view(over)).preview.state == "off"
    worker.stop()
    await task


async def test_a_run_ends_with_the_reason_when_there_will_be_no_sandbox(stage: Stage) -> None:
    awaited = AwaitedWorkspaces()
    worker, task, run_id = await waiting_run(stage, awaited)
    awaited.refuse("Node is missing. Install it, then start again.")
    over = await stage.over(await stage.store.run(USER, run_id))
    assert over.status is RunStatus.FAILED
    failure = (await stage.view(over)).runs[0].failure
    assert failure
    assert "Node is missing" in failure.message
    worker.stop()
    await task


async def test_who_waits_for_the_set_up_hears_of_each_change() -> None:
    setup = Setup()
    heard: list[str] = []

    async def listen() -> None:
        while not setup.ready:
            await setup.wait(5)
            heard.append(setup.message)

    listening = asyncio.create_task(listen())
    for message in ("Downloading", "Unpacking"):
        await asyncio.sleep(0.01)
        setup.progress(message, 0.5)
    await asyncio.sleep(0.01)
    setup.done("Ready")
    await asyncio.wait_for(listening, 5)
    assert heard == ["Downloading", "Unpacking", "Ready"]
    assert setup.error is None
