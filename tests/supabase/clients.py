"""Clients as the product makes them: the `supabase` package, no background threads, nobody's session shared."""

from supabase import AsyncClient, AsyncClientOptions, acreate_client
from supabase_auth import AsyncMemoryStorage

from tests.supabase.project import SupabaseServer


async def client(server: SupabaseServer, token: str | None = None, key: str | None = None) -> AsyncClient:
    """Speaks as `token`'s user, or as nobody."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    options = AsyncClientOptions(
        auto_refresh_token=False, persist_session=False, storage=AsyncMemoryStorage(), headers=headers
    )
    return await acreate_client(server.url, key or server.publishable_key, options)
