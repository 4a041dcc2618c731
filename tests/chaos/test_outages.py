"""The store is out of reach for longer than a call is tried again: runs wait for it, and none fails."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest

from backend.runs.journal import result_of
from tests.chaos.cable import Cable
from tests.chaos.place import Place, Watched
from tests.chaos.proof import each_command_took_effect_once, well_done
from tests.supabase.project import SupabaseServer


@contextlib.asynccontextmanager
async def worked_on(place: Place, people: int, lease_s: float, **worker: float) -> AsyncIterator[list[Watched]]:
    """Some projects whose runs are in the middle of their work at two workers when the block begins, and well done after it."""
    projects = [await place.project() for _ in range(people)]
    for project in projects:
        await place.start(project)
    for _ in range(2):
        await place.worker(pace_s=0.04, lease_s=lease_s, **worker)
    async with asyncio.timeout(60):
        for project in projects:
            while not any(result_of(e.event) for e in await place.store.entries(place.user, project.id)):
                await asyncio.sleep(0.05)
    yield projects
    await asyncio.gather(*map(place.over, projects))
    await well_done(place, projects)
    await each_command_took_effect_once(place, projects)


@pytest.mark.parametrize(("lease_s", "out_s"), [(2.0, 4.0), (6.0, 2.0)], ids=["past the lease", "within the lease"])
async def test_sqlite_while_another_process_keeps_it_locked(on_sqlite: Place, lease_s: float, out_s: float) -> None:
    async with worked_on(on_sqlite, 4, lease_s, lock_patience_s=0.7):
        other = sqlite3.connect(on_sqlite.folder / "codeflow.db", isolation_level=None, timeout=30)
        other.execute("begin exclusive")
        await asyncio.sleep(out_s)
        other.execute("rollback")
        other.close()


async def test_supabase_while_the_network_is_cut(on_supabase: Place, supabase_server: SupabaseServer) -> None:
    async with Cable(supabase_server.url).laid() as cable:
        assert on_supabase.task.supabase
        on_supabase.task = replace(on_supabase.task, supabase=(cable.url, *on_supabase.task.supabase[1:]))
        async with worked_on(on_supabase, 3, lease_s=6.0):
            cable.cut()
            # Longer than a call that failed is tried again, but the lease still holds.
            await asyncio.sleep(2.0)
            await cable.mend()


async def test_supabase_while_a_transaction_keeps_its_tables_locked(
    on_supabase: Place, supabase_server: SupabaseServer
) -> None:
    async with worked_on(on_supabase, 3, lease_s=2.0):
        other = await psycopg.AsyncConnection.connect(supabase_server.database_url)
        await other.execute("lock table public.runs, public.projects in access exclusive mode")
        await asyncio.sleep(4.0)
        await other.rollback()
        await other.close()
