"""One Supabase project for the whole test session."""

from collections.abc import Iterator

import pytest

from tests.supabase.project import SupabaseServer
from tests.supabase.start import running


@pytest.fixture(scope="session")
def supabase_server() -> Iterator[SupabaseServer]:
    """Shared by all tests: make users of your own, and leave it as it was. Fails, never skips, where it cannot run."""
    with running() as server:
        yield server
