"""The Supabase store on the session's real project: users who signed up, and a database whose times can be moved."""

from dataclasses import dataclass

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
insert into public.tiers (id, name, window_s) values ('unlimited', 'Unlimited', 86400) on conflict do nothing;
"""


@dataclass
class SupabaseWorld(World):
    """Time passes by moving what is stored into the past: the database's own clock decides."""

    server: SupabaseServer | None = None

    def let_pass(self, seconds: float) -> None:
        assert self.server
        for table, columns in _TIMES.items():
            moved = ", ".join(f"{column} = {column} - make_interval(secs => {seconds})" for column in columns)
            self.server.sql(f"update public.{table} set {moved}")


def fresh(server: SupabaseServer, *users: User) -> None:
    """Nobody has a project, and `users` are without limits."""
    server.sql(_FORGET)
    for user in users:
        server.sql("update public.profiles set tier = 'unlimited' where id = %s", user.id)


def signed_up(server: SupabaseServer) -> User:
    user = server.sign_up()
    return User(id=user.id, email=user.email, token=SecretStr(user.access_token))


async def opened(server: SupabaseServer, url: str | None = None) -> SupabaseStore:
    """A process's store with all rights there are; at `url`, if something stands before the project."""
    worker = server.mint("codeflow_worker")
    return await SupabaseStore.open(url or server.url, server.publishable_key, worker, server.secret_key)
