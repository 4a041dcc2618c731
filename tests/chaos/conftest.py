from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.place import Place, sqlite_place, supabase_place
from tests.supabase.project import SupabaseServer


@pytest.fixture(params=["sqlite", "supabase"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each store in turn, with nothing in it, and no worker yet. Those a test leaves behind are ended."""
    on_sqlite = request.param == "sqlite"
    server = None if on_sqlite else request.getfixturevalue("supabase_server")
    async with supabase_place(tmp_path, server) if server else sqlite_place(tmp_path) as place:
        yield place


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Place]:
    async with sqlite_place(tmp_path) as place:
        yield place


@pytest.fixture
async def on_supabase(tmp_path: Path, supabase_server: SupabaseServer) -> AsyncIterator[Place]:
    async with supabase_place(tmp_path, supabase_server) as place:
        yield place
