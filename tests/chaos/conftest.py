from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.chaos.nursery import Nursery
from tests.chaos.place import Place, sqlite_place, supabase_place
from tests.supabase.project import SupabaseServer


@pytest.fixture(scope="package")
def nursery() -> Iterator[Nursery]:
    with Nursery.open() as nursery:
        yield nursery


@pytest.fixture(params=["sqlite", "supabase"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each store in turn, with nothing in it, and no worker yet. Those a test leaves behind are ended."""
    return request.getfixturevalue(f"on_{request.param}")


@pytest.fixture
async def on_sqlite(nursery: Nursery, tmp_path: Path) -> AsyncIterator[Place]:
    async with sqlite_place(tmp_path, nursery) as place:
        yield place


@pytest.fixture
async def on_supabase(nursery: Nursery, tmp_path: Path, supabase_server: SupabaseServer) -> AsyncIterator[Place]:
    async with supabase_place(tmp_path, nursery, supabase_server) as place:
        yield place
