from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.place import Place, sqlite_place, supabase_place


@pytest.fixture(params=["sqlite", "supabase"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each store in turn, with nothing in it, and no worker yet. Those a test leaves behind are ended."""
    if request.param == "sqlite":
        opened = sqlite_place(tmp_path)
    else:
        opened = supabase_place(tmp_path, request.getfixturevalue("supabase_server"))
    async with opened as place:
        yield place


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Place]:
    async with sqlite_place(tmp_path) as place:
        yield place
