"""Readers of the Supabase store are woken by what other processes write, at the price of one glance for all of them."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from backend.domain import NotFound, NotSignedIn
from backend.events import LogLines
from tests.store.faulty_proxy import FaultyProxy, Refuse
from tests.store.supabase_world import BehindProxy, SupabaseWorld, opened
from tests.store.world import finished, frame

GLANCE = "GET /rest/v1/projects"
LONG_S = 600
"""No wait may last so long: it ends by a poke."""


class TestWatching(BehindProxy):
    """The world's store is one process, behind a proxy; `there` is another."""

    @pytest.fixture
    async def there(self, world: SupabaseWorld) -> AsyncIterator[SupabaseWorld]:
        store = await opened(world.server)
        yield SupabaseWorld(store, world.ada, world.eve, server=world.server)
        await store.close()

    async def test_what_another_process_writes_wakes_a_reader(self, world: SupabaseWorld, there: SupabaseWorld) -> None:
        run, lease = await there.claimed()
        with world.store.watch(world.ada, run.project_id) as poke:
            async with asyncio.timeout(30):
                await poke.wait(LONG_S)
                await there.store.append(lease, [LogLines(source="dev", lines=["x"])])
                await poke.wait(LONG_S)
                await there.store.write_frame(lease, frame())
                await poke.wait(LONG_S)
                await there.store.set_preview(run.project_id, lease, "sb1", "http://preview")
                await poke.wait(LONG_S)
                await there.store.finish_run(lease, finished())
                await poke.wait(LONG_S)

    async def test_a_project_deleted_elsewhere_wakes_its_readers(
        self, world: SupabaseWorld, there: SupabaseWorld
    ) -> None:
        project = await world.project()
        with world.store.watch(world.ada, project.id) as poke:
            async with asyncio.timeout(30):
                await poke.wait(LONG_S)
                await there.store.delete_project(there.ada, project.id)
                await poke.wait(LONG_S)
        with pytest.raises(NotFound):
            await world.store.tail(world.ada, project.id)

    async def test_twenty_readers_cost_one_glance(self, world: SupabaseWorld, proxy: FaultyProxy) -> None:
        project = await world.project()
        proxy.asked.clear()

        async def read() -> None:
            with world.store.watch(world.ada, project.id) as poke:
                await poke.wait(LONG_S)

        async with asyncio.timeout(30):
            await asyncio.gather(*(read() for _ in range(20)))
        assert proxy.asked == [GLANCE]

    async def test_nobody_looks_when_nobody_reads(self, world: SupabaseWorld) -> None:
        project = await world.project()
        for _ in range(3):
            with world.store.watch(world.ada, project.id) as poke, world.store.watch(world.ada, project.id):
                await poke.wait(LONG_S)
                assert len(_looking()) == 1
        await _until(lambda: not _looking())

    async def test_a_glance_that_fails_is_made_again(
        self, world: SupabaseWorld, there: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        run, lease = await there.claimed()
        with world.store.watch(world.ada, run.project_id) as poke:
            async with asyncio.timeout(60):
                await poke.wait(LONG_S)
                proxy.faults.append(Refuse(500, '{"code": "XX000", "message": "internal"}'))
                while proxy.faults:
                    await asyncio.sleep(0.02)
                await there.store.append(lease, [LogLines(source="dev", lines=["x"])])
                await poke.wait(LONG_S)
        assert len(await world.events(run)) == 3

    async def test_a_reader_whose_token_is_over_is_woken_to_hear_it_and_looked_for_no_more(
        self, world: SupabaseWorld, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
    ) -> None:
        project = await world.project()
        over = world.server.mint("authenticated", world.ada.id, expires_s=-3600)
        late = world.ada.model_copy(update={"token": SecretStr(over)})
        with world.store.watch(late, project.id) as poke:
            async with asyncio.timeout(30):
                await poke.wait(LONG_S)
            with pytest.raises(NotSignedIn):
                await world.store.tail(late, project.id)
            await _until(lambda: not _looking())
            with world.store.watch(world.ada, project.id) as again:
                async with asyncio.timeout(30):
                    await again.wait(LONG_S)
        assert [r for r in caplog.records if r.levelname in ("WARNING", "ERROR")] == []

    async def test_a_strangers_watch_finds_nothing_and_ends(self, world: SupabaseWorld, proxy: FaultyProxy) -> None:
        project = await world.project()
        proxy.asked.clear()
        with world.store.watch(world.eve, project.id) as poke:
            async with asyncio.timeout(30):
                await poke.wait(LONG_S)
            with pytest.raises(NotFound):
                await world.store.tail(world.eve, project.id)
        assert proxy.asked.count(GLANCE) == 1

    async def test_a_worker_learns_of_a_stop_pressed_elsewhere(
        self, world: SupabaseWorld, there: SupabaseWorld
    ) -> None:
        run, lease = await there.claimed()
        with there.store.watch_run(run) as poke:
            await world.store.cancel_run(world.ada, run.id)
            async with asyncio.timeout(30):
                await poke.wait(LONG_S)
        assert (await there.store.leased_run(lease)).cancel_requested


def _looking() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if "_look_on" in repr(task.get_coro())]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
