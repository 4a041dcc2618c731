"""The pool, and who gives way when memory or disk is short."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.e2b_host import keeper, pool
from backend.e2b_host.channel import GuestError
from backend.e2b_host.keeper import Keep, Keeper
from backend.e2b_host.limits import MB
from backend.e2b_host.pool import Pool
from backend.e2b_host.pulse import Pulse
from backend.e2b_host.request import Request
from backend.e2b_host.routing import Router
from backend.e2b_host.sandboxes import NoRoom, Sandboxes

from .at_hand import sandboxes_at_hand

SCARCE, PLENTY = 100 * MB, 100_000 * MB


@pytest.fixture
async def sandboxes(tmp_path: Path) -> AsyncIterator[Sandboxes]:
    async with sandboxes_at_hand(tmp_path, max_count=3) as found:
        yield found


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Tells the host how much is left."""

    def left(amount: int) -> None:
        for module in (keeper, pool):
            monkeypatch.setattr(module, "free_memory", lambda: amount)

    left(PLENTY)
    return left


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not check():
            await asyncio.sleep(0.02)


async def test_pool_shrinks_when_memory_is_short_and_fills_when_it_is_not(
    sandboxes: Sandboxes, memory: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WATCH_EVERY_S", 0.02)
    monkeypatch.setattr(pool, "RETRY_S", 0.1)
    given = await sandboxes.create("base", Request())
    running = asyncio.create_task(Pool(sandboxes, {"base": 2}, 0.01).run())
    await until(lambda: sandboxes.pooled() == 2)
    memory(SCARCE)
    await until(lambda: sandboxes.every == [given])
    assert given.usable
    memory(PLENTY)
    await until(lambda: sandboxes.pooled() == 2)
    pooled = {sandbox.id for sandbox in sandboxes.every}
    assert (await sandboxes.create("base", Request())).id in pooled
    running.cancel()


async def test_longest_frozen_gives_its_memory_up_when_it_is_short_and_awake_ones_do_not(
    sandboxes: Sandboxes, memory: Callable[[int], None]
) -> None:
    first, second, awake = [await sandboxes.create("base", Request()) for _ in range(3)]
    await first.channel.call({"op": "rpc", "path": "/filesystem.Filesystem/MakeDir", "message": {"path": "made"}})
    for sandbox in (first, second):
        await sandbox.pause()
    watch = Keeper(sandboxes, Keep())
    await watch.relieve()
    assert first.frozen
    assert second.frozen
    memory(SCARCE)
    await watch.relieve()
    assert (first.frozen, first.asleep, second.frozen, awake.usable) == (False, True, True, True)
    await watch.relieve()
    await watch.relieve()
    assert (second.asleep, awake.usable) == (True, True)
    assert await first.resume(60)
    listed = {"op": "rpc", "path": "/filesystem.Filesystem/Stat", "message": {"path": "made"}}
    assert (await first.channel.call(listed))["entry"]["name"] == "made"


async def test_frozen_sandbox_sleeps_after_a_while(sandboxes: Sandboxes, memory: Callable[[int], None]) -> None:
    sandbox = await sandboxes.create("base", Request())
    await sandbox.pause()
    sandbox.used_at -= keeper.FROZEN_S + 1
    await Keeper(sandboxes, Keep()).relieve()
    assert sandbox.asleep


async def test_sleeping_sandboxes_take_no_place_and_frozen_ones_give_theirs_up(sandboxes: Sandboxes) -> None:
    boxes = [await sandboxes.create("base", Request(auto_resume=True)) for _ in range(3)]
    with pytest.raises(NoRoom, match="runs 3 sandboxes already"):
        await sandboxes.create("base", Request())
    await boxes[0].pause()
    await sandboxes.create("base", Request())
    assert boxes[0].asleep
    with pytest.raises(NoRoom):
        await boxes[0].resume(60)
    with pytest.raises(GuestError, match="cannot wake: this host runs 3 sandboxes already"):
        await Router(sandboxes).running(boxes[0].id)
    await boxes[1].pause(keep_memory=False)
    assert await boxes[0].resume(60)
    assert sandboxes.capacity() == {"running": 3, "paused": 1, "ready": 0, "max": 3}


@pytest.mark.parametrize("keep", [Keep(count=1), Keep(disk_mb=1)])
async def test_longest_unused_sleeping_sandbox_goes_when_they_are_too_many_or_too_large(
    sandboxes: Sandboxes, keep: Keep
) -> None:
    old, new, awake = [await sandboxes.create("base", Request()) for _ in range(3)]
    (old.plan.files / "large").write_bytes(os.urandom(2 * MB))
    for sandbox in (old, new):
        await sandbox.pause(keep_memory=False)
    await Keeper(sandboxes, keep).tidy()
    assert sandboxes.get(old.id) is None
    assert (new.asleep, awake.usable) == (True, True)
    await until(lambda: not old.plan.folder.exists())


async def test_time_goes_on_for_one_that_ran_when_its_host_ended_and_not_for_a_paused_one(tmp_path: Path) -> None:
    async with sandboxes_at_hand(tmp_path) as before:
        ran, paused = [(await before.create("base", Request(timeout_s=60))) for _ in range(2)]
        await paused.pause()
        for sandbox in (ran, paused):
            sandbox.set_timeout(0.3)
        kept = (ran.id, paused.id)
    async with sandboxes_at_hand(tmp_path) as after:
        await until(lambda: after.get(kept[0]) is None)
        left = after.get(kept[1])
        assert left
        assert left.asleep
        assert await left.resume(60)


async def test_hanging_agent_is_noticed_and_told(
    sandboxes: Sandboxes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.e2b_host.machine.END_S", 0.1)
    well, ill = await sandboxes.create("base", Request()), await sandboxes.create("base", Request())
    watch = asyncio.create_task(Pulse(sandboxes, every_s=0.05, patience_s=1.0).run())
    os.kill(ill.pid, signal.SIGSTOP)
    await until(lambda: sandboxes.get(ill.id) is None)
    assert f"sandbox {ill.id} died: its agent hangs" in caplog.text
    assert well.usable
    await until(lambda: not ill.plan.folder.exists())
    with pytest.raises(GuestError, match="was not found"):
        await ill.channel.call({"op": "ping"})
    watch.cancel()


async def test_calls_wait_for_an_agent_that_is_kept_waiting(sandboxes: Sandboxes) -> None:
    sandbox = await sandboxes.create("base", Request())
    os.kill(sandbox.pid, signal.SIGSTOP)
    calls = [asyncio.create_task(sandbox.channel.call({"op": "ping"})) for _ in range(300)]
    await asyncio.sleep(0.2)
    os.kill(sandbox.pid, signal.SIGCONT)
    assert len(await asyncio.gather(*calls)) == 300


async def test_sandbox_with_a_hanging_agent_is_paused_without_memory(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.e2b_host.machine.END_S", 0.1)
    monkeypatch.setattr("backend.e2b_host.sandbox.FREEZE_S", 0.1)
    sandbox = await sandboxes.create("base", Request())
    os.kill(sandbox.pid, signal.SIGSTOP)
    assert await sandbox.pause()
    assert sandbox.asleep
    assert await sandbox.resume(60)
