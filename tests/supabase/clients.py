"""Clients as the product makes them: the `supabase` package, no background threads, nobody's session shared; and what tests ask of them."""

import uuid
from collections.abc import Awaitable
from typing import Any

import pytest
from supabase import ASupabaseAuthClient, AsyncClient, AsyncClientOptions, acreate_client
from supabase_auth import AsyncMemoryStorage
from supabase_auth.errors import AuthApiError
from supabase_auth.types import SignInWithEmailAndPasswordCredentials

from tests.supabase.project import SupabaseServer


async def client(server: SupabaseServer, token: str | None = None, key: str | None = None) -> AsyncClient:
    """Speaks as `token`'s user, or as nobody."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    options = AsyncClientOptions(
        auto_refresh_token=False, persist_session=False, storage=AsyncMemoryStorage(), headers=headers
    )
    return await acreate_client(server.url, key or server.publishable_key, options)


def address() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


def credentials(email: str, password: str) -> SignInWithEmailAndPasswordCredentials:
    return {"email": email, "password": password}


async def claims(auth: ASupabaseAuthClient, token: str) -> dict[str, Any]:
    verified = await auth.get_claims(token)
    assert verified
    return {**verified["claims"]}


async def refusal(attempt: Awaitable[object]) -> str | None:
    with pytest.raises(AuthApiError) as refused:
        await attempt
    return refused.value.code
