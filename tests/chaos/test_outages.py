"""The store is out of reach for longer than a call is tried again: runs wait for it, and none fails."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from backend.runs.journal import result_of
from tests.chaos.cable import Cable
from tests.chaos.place import Place, Watched, sqlite_place, supabase_place
from tests.chaos.proof import each_command_took_effect_once, well_done
from tests.supabase.project import SupabaseServer

OUT_S = 4.0


async def building(place: Place, project: Watched) -> None:
    """Its first steps are done, and more are to come."""
    async with asyncio.timeout(60):
        while not any(result_of(e.event) for e in await place.store.entries(place.user, project.id)):
            await asyncio.sleep(0.05)


async def test_a_database_that_another_process_keeps_locked(tmp_path: Path) -> None:
    async with sqlite_place(tmp_path) as place:
        projects = [await place.project() for _ in range(4)]
        for project in projects:
            await place.start(project)
        # One gives up waiting long before the lock is gone, the other waits as long as it does in production.
        for patience_s in (0.3, None):
            await place.worker(lock_patience_s=patience_s, pace_s=0.04)
        await asyncio.gather(*(building(place, project) for project in projects))
        other = sqlite3.connect(tmp_path / "codeflow.db", isolation_level=None, timeout=30)
        other.execute("begin exclusive")
        await asyncio.sleep(OUT_S)
        other.execute("rollback")
        other.close()
        await asyncio.gather(*map(place.over, projects))
        await well_done(place, projects)
        await each_command_took_effect_once(place, projects)


@pytest.mark.parametrize("what", ["network", "postgres"])
async def test_a_project_that_is_gone_for_seconds(tmp_path: Path, supabase_server: SupabaseServer, what: str) -> None:
    async with supabase_place(tmp_path, supabase_server) as place, Cable(supabase_server.url).laid() as cable:
        assert place.task.supabase
        place.task = replace(place.task, supabase=(cable.url, *place.task.supabase[1:]))
        projects = [await place.project() for _ in range(3)]
        for project in projects:
            await place.start(project)
        for _ in range(2):
            await place.worker(pace_s=0.04)
        await asyncio.gather(*(building(place, project) for project in projects))
        if what == "network":
            cable.cut()
            await asyncio.sleep(OUT_S)
            await cable.mend()
        else:
            supabase_server.stop_postgres()
            try:
                await asyncio.sleep(OUT_S)
            finally:
                supabase_server.start_postgres()
        await asyncio.gather(*map(place.over, projects))
        await well_done(place, projects)
        await each_command_took_effect_once(place, projects)
