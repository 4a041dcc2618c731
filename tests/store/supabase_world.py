"""The Supabase store on the session's real project: users who signed up, and a database whose times can be moved."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from backend.domain import User
from backend.store.supabase import SupabaseStore
from tests.store.world import World
from tests.supabase.project import SupabaseServer

_TIMES = {
    "projects": ("created_at", "updated_at"),
    "runs": ("created_at", "started_at", "finished_at", "lease_until"),
    "entries": ("at",),
    "versions": ("created_at",),
    "shares": ("created_at", "revoked_at"),
    "usage_counters": ("resets_at",),
    "usage_ledger": ("at",),
}
_FORGET = """
truncate public.projects, public.usage_counters, public.usage_ledger, public.billing_events, public.app_secrets cascade;
delete from public.tiers where id in ('unlimited', 'narrow');
insert into public.tiers (id, name, window_s) values ('unlimited', 'Unlimited', 86400);
"""
UNLIMITED = "unlimited"

_people: dict[SupabaseServer, tuple[User, User]] = {}


@dataclass(kw_only=True)
class SupabaseWorld(World):
    """Time passes by moving what is stored into the past: the database's own clock decides."""

    server: SupabaseServer

    def let_pass(self, seconds: float) -> None:
        for table, columns in _TIMES.items():
            moved = ", ".join(f"{column} = {column} - make_interval(secs => {seconds})" for column in columns)
            self.server.sql(f"update public.{table} set {moved}")


class OnSupabase:
    """Subclass it for tests of the Supabase store: Ada and Eve are signed up, without limits and without projects."""

    @pytest.fixture
    def address(self, supabase_server: SupabaseServer) -> str:
        """Where the store finds the project."""
        return supabase_server.url

    @pytest.fixture
    async def world(self, supabase_server: SupabaseServer, address: str) -> AsyncIterator[SupabaseWorld]:
        ada, eve = people(supabase_server)
        supabase_server.sql("update public.profiles set tier = 'free'")
        supabase_server.sql(_FORGET)
        set_tier(supabase_server, ada, UNLIMITED)
        set_tier(supabase_server, eve, UNLIMITED)
        store = await opened(supabase_server, address)
        yield SupabaseWorld(store, ada=ada, eve=eve, server=supabase_server)
        await store.close()


def people(server: SupabaseServer) -> tuple[User, User]:
    """Ada and Eve: the same all session, unless one was deleted."""
    known = _people.get(server)
    count = "select count(*) from auth.users where id = any(%s)"
    if known is None or server.sql(count, [u.id for u in known])[0]["count"] < len(known):
        known = _people[server] = signed_up(server), signed_up(server)
    return known


def signed_up(server: SupabaseServer) -> User:
    user = server.sign_up()
    return User(id=user.id, email=user.email, token=SecretStr(user.access_token))


def set_tier(server: SupabaseServer, user: User, tier_id: str) -> None:
    server.sql("update public.profiles set tier = %s where id = %s", tier_id, user.id)


async def opened(server: SupabaseServer, url: str | None = None) -> SupabaseStore:
    """A process's store with all rights there are; at `url`, if something stands before the project."""
    worker = server.mint("codeflow_worker")
    return await SupabaseStore.open(url or server.url, server.publishable_key, worker, server.secret_key)
