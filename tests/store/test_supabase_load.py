"""The Supabase store under many at once, and what a page costs in round trips."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from backend.domain import LimitKind, LimitReached, Run
from backend.runs.service import Runs
from backend.store import Store
from tests.runs.disk import DiskWorkspaces
from tests.store.faulty_proxy import FaultyProxy
from tests.store.supabase_world import BehindProxy, OnSupabase, SupabaseWorld, opened
from tests.store.world import UNLIMITED, World

PROJECTS_PAGE = 2
"""Round trips: the list of projects, and what is left of the tier."""
PROJECT_PAGE = 4
"""The project, its journal, the news since, and its files' names."""


class TestLimits(OnSupabase):
    @pytest.mark.parametrize("kind", [LimitKind.POINTS, LimitKind.CONCURRENT])
    async def test_of_a_hundred_starts_from_many_clients_against_a_limit_of_five_five_win(
        self, world: SupabaseWorld, kind: LimitKind
    ) -> None:
        world.grant(world.ada, UNLIMITED.model_copy(update={"id": "narrow", kind: 5}))
        projects = await asyncio.gather(*(world.project() for _ in range(100)))
        stores = [await opened(world.server) for _ in range(10)]
        worlds = [SupabaseWorld(store, world.ada, world.eve, server=world.server) for store in stores]
        starts = [
            worlds[n % len(worlds)].queued(run_id=f"run-{n}", project=project) for n, project in enumerate(projects)
        ]
        results = await asyncio.gather(*starts, return_exceptions=True)
        assert sum(isinstance(r, Run) for r in results) == 5
        refused = [r for r in results if isinstance(r, LimitReached)]
        assert len(refused) == 95
        assert {r.kind for r in refused} == {kind}
        assert (await world.store.usage(world.ada)).points_used == 5
        assert await world.store.pending() == 5
        await asyncio.gather(*(store.close() for store in stores))


class TestRoundTrips(BehindProxy):
    async def test_a_page_is_loaded_in_a_handful_of_round_trips(
        self, world: World, proxy: FaultyProxy, tmp_path: Path
    ) -> None:
        version = await world.built()
        store, ada, project_id = world.store, world.ada, version.project_id
        proxy.asked.clear()
        await store.projects(ada)
        await store.usage(ada)
        assert len(proxy.asked) == PROJECTS_PAGE
        proxy.asked.clear()
        view = await Runs(store, DiskWorkspaces(tmp_path)).view(ada, project_id)
        await store.tail(ada, project_id, view.seq)
        await store.tree(ada, project_id)
        assert len(proxy.asked) == PROJECT_PAGE

    async def test_every_read_is_one_round_trip(self, world: World, proxy: FaultyProxy) -> None:
        version = await world.built()
        run, lease = await world.claimed(project=await world.store.project(world.ada, version.project_id), run_id="r2")
        reads: list[Callable[[Store], Awaitable[object]]] = [
            lambda s: s.projects(world.ada),
            lambda s: s.project(world.ada, run.project_id),
            lambda s: s.run(world.ada, run.id),
            lambda s: s.active_run(world.ada, run.project_id),
            lambda s: s.entries(world.ada, run.project_id),
            lambda s: s.frames(world.ada, run.project_id),
            lambda s: s.tail(world.ada, run.project_id),
            lambda s: s.version(world.ada, version.id),
            lambda s: s.versions(world.ada, run.project_id),
            lambda s: s.tree(world.ada, run.project_id),
            lambda s: s.blobs(world.ada, run.project_id, list(version.manifest.values())),
            lambda s: s.usage(world.ada),
            lambda s: s.followups(world.ada, run.project_id),
            lambda s: s.shares(world.ada, run.project_id),
            lambda s: s.leased_run(lease),
            lambda s: s.leased_entries(lease),
            lambda s: s.leased_tree(lease),
        ]
        for read in reads:
            await read(world.store)
        proxy.asked.clear()
        for read in reads:
            await read(world.store)
        assert len(proxy.asked) == len(reads)
