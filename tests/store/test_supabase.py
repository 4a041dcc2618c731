"""The Supabase store keeps the contract, and what is its own: pages, retries, callers, outages."""

from collections.abc import AsyncIterator

import pytest

from backend.domain import User
from tests.store.contract import StoreContract
from tests.store.supabase_world import SupabaseWorld, fresh, opened, signed_up
from tests.supabase.project import SupabaseServer


@pytest.fixture(scope="module")
def people(supabase_server: SupabaseServer) -> tuple[User, User]:
    return signed_up(supabase_server), signed_up(supabase_server)


@pytest.fixture
async def world(supabase_server: SupabaseServer, people: tuple[User, User]) -> AsyncIterator[SupabaseWorld]:
    ada, eve = people
    fresh(supabase_server, ada, eve)
    store = await opened(supabase_server)
    yield SupabaseWorld(store, ada=ada, eve=eve, server=supabase_server)
    await store.close()


class TestSupabase(StoreContract):
    @pytest.fixture
    async def world(self, world: SupabaseWorld) -> SupabaseWorld:
        return world
