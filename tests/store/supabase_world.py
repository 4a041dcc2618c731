"""The Supabase store on the session's real project: users who signed up, and a database whose times can be moved."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from backend.domain import Tier, User
from backend.store.supabase import SupabaseStore
from tests.store.faulty_proxy import FaultyProxy
from tests.store.world import UNLIMITED, World
from tests.supabase.project import SupabaseServer

_TIMES = {
    "projects": ("created_at", "updated_at", "looked_at"),
    "runs": ("created_at", "started_at", "finished_at", "lease_until"),
    "entries": ("at",),
    "versions": ("created_at",),
    "shares": ("created_at", "revoked_at"),
    "usage_counters": ("resets_at",),
    "usage_ledger": ("at",),
}
_FORGET = """
delete from public.projects;
delete from public.usage_counters;
delete from public.usage_ledger;
delete from public.billing_events;
delete from public.app_secrets;
update public.profiles set tier = 'free', customer_id = null, billing_at = null;
"""

_people: dict[SupabaseServer, tuple[User, User]] = {}


@dataclass(kw_only=True)
class SupabaseWorld(World):
    """Time passes by moving what is stored into the past: the database's own clock decides."""

    server: SupabaseServer

    def let_pass(self, seconds: float) -> None:
        back = f"- make_interval(secs => {seconds})"
        moves = (
            f"update public.{table} set {', '.join(f'{column} = {column} {back}' for column in columns)}"
            for table, columns in _TIMES.items()
        )
        self.server.sql("; ".join(moves))

    def now_s(self) -> float:
        return float(self.server.sql("select extract(epoch from clock_timestamp()) as now")[0]["now"])

    def grant(self, user: User, tier: Tier) -> None:
        set_tier(self.server, tier)
        self.server.sql("update public.profiles set tier = %s where id = %s", tier.id, user.id)

    def newcomer(self, anonymous: bool = False) -> User:
        return signed_up(self.server, anonymous=anonymous)


class OnSupabase:
    """Subclass it for tests of the Supabase store: Ada and Eve are signed up, without limits and without projects."""

    @pytest.fixture
    def address(self, supabase_server: SupabaseServer) -> str:
        """Where the store finds the project."""
        return supabase_server.url

    @pytest.fixture
    async def world(self, supabase_server: SupabaseServer, address: str) -> AsyncIterator[SupabaseWorld]:
        tiers = [Tier(**row) for row in supabase_server.sql("select * from public.tiers")]
        supabase_server.sql(_FORGET)
        ada, eve = people(supabase_server)
        store = await opened(supabase_server, address)
        world = SupabaseWorld(store, ada, eve, server=supabase_server)
        for user in (ada, eve):
            world.grant(user, UNLIMITED)
        yield world
        await store.close()
        supabase_server.sql(_FORGET)
        supabase_server.sql("delete from public.tiers where not id = any(%s)", [tier.id for tier in tiers])
        for tier in tiers:
            set_tier(supabase_server, tier)


def set_tier(server: SupabaseServer, tier: Tier) -> None:
    columns = tier.model_dump()
    values = ", ".join("%s" for _ in columns)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
    server.sql(
        f"insert into public.tiers ({', '.join(columns)}) values ({values}) on conflict (id) do update set {updates}",
        *columns.values(),
    )


class BehindProxy(OnSupabase):
    """The same, with a proxy before the project that loses and refuses as told."""

    @pytest.fixture
    async def proxy(self, supabase_server: SupabaseServer) -> AsyncIterator[FaultyProxy]:
        async with FaultyProxy(supabase_server.url).serving() as proxy:
            yield proxy

    @pytest.fixture
    def address(self, proxy: FaultyProxy) -> str:
        return proxy.url


def people(server: SupabaseServer) -> tuple[User, User]:
    """Ada and Eve: the same all session, unless one was deleted."""
    known = _people.get(server)
    count = "select count(*) from auth.users where id = any(%s)"
    if known is None or server.sql(count, [u.id for u in known])[0]["count"] < len(known):
        known = _people[server] = signed_up(server), signed_up(server)
    return known


def signed_up(server: SupabaseServer, *, anonymous: bool = False) -> User:
    user = server.anonymous() if anonymous else server.sign_up()
    return User(id=user.id, email=user.email or None, anonymous=anonymous, token=SecretStr(user.access_token))


async def opened(server: SupabaseServer, url: str | None = None) -> SupabaseStore:
    """A process's store with all rights there are; at `url`, if something stands before the project."""
    worker = server.mint("codeflow_worker")
    return await SupabaseStore.open(url or server.url, server.publishable_key, worker, server.secret_key)
