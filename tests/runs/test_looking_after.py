"""One look at what waits, by a process that then ends; and a lease that is out is not held any longer."""

import asyncio

import pytest

from backend.config import Settings
from backend.domain import Lease, Run, Unavailable
from backend.runs import hosted
from backend.runs.worker import _Watch
from tests.runs.stage import USER, Stage


async def test_follow_ups_that_cannot_be_sent_keep_no_run_waiting_and_no_sandbox_alive(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(done)
    waits = await stage.runs.start(USER, None, "another")
    sandbox_id = (await stage.store.project(USER, done.project_id)).sandbox_id
    assert sandbox_id
    await stage.workspaces.kill(sandbox_id)

    async def fail() -> list[str]:
        raise ZeroDivisionError("a defect")

    async def here(settings: Settings) -> object:
        return stage.store

    async def open_still() -> None:
        pass

    started: list[str] = []

    async def start(run_id: str) -> None:
        started.append(run_id)

    with monkeypatch.context() as patch:
        patch.setattr(stage.store, "send_due_followups", fail)
        patch.setattr(stage.store, "close", open_still)
        patch.setattr(hosted, "begin", lambda log_format: None)
        patch.setattr(hosted.needs, "require", lambda settings, needed: None)
        patch.setattr(hosted, "open_store", here)
        patch.setattr(hosted, "_sandboxes", lambda settings: stage.workspaces)
        assert await hosted.look_after(stage.settings, start) == [waits.id]
    assert started == [waits.id]
    assert (await stage.store.project(USER, done.project_id)).sandbox_id is None
    assert "Follow-ups could not be sent" in caplog.text


async def test_one_guard_after_another_holds_a_lease_no_longer_than_one(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    asked: list[str] = []

    class Out:
        watch_run = stage.store.watch_run

        async def renew_lease(self, lease: Lease, lease_s: float) -> Run:
            asked.append("renew")
            raise Unavailable("out of reach", passes=True)

        async def leased_run(self, lease: Lease) -> Run:
            asked.append("look")
            return run.model_copy(update={"cancel_requested": True})

    watch = _Watch(Out(), run, Lease(run_id=run.id, token="t"), 0.02)  # pyright: ignore[reportArgumentType]
    await asyncio.sleep(0.05)
    body = asyncio.create_task(asyncio.Event().wait())
    await watch.keep(body)
    assert asked == ["renew"]
    with pytest.raises(asyncio.CancelledError):
        await body
