"""Which store an installation has: Supabase when it is configured, SQLite otherwise."""

from backend.config import Settings
from backend.domain import Unavailable
from backend.store import Store


async def open_store(settings: Settings) -> Store:
    """For serving people and working on runs. Raises `Unavailable`."""
    return await _open(settings, operator_key=None)


async def open_store_as_operator(settings: Settings) -> Store:
    """For the operator's commands: with the key that opens every user's rows, which no server needs.

    Raises `Unavailable`, also without that key.
    """
    secret = settings.supabase_secret_key
    if settings.multi_user and not secret:
        raise Unavailable(
            "This needs SUPABASE_SECRET_KEY, the project's secret key, in the environment or in .env. "
            "Set it for this command alone, and keep it off servers."
        )
    return await _open(settings, operator_key=secret.get_secret_value() if secret else None)


async def _open(settings: Settings, operator_key: str | None) -> Store:
    if settings.supabase_url and settings.supabase_publishable_key:
        # Brings the `supabase` package with it, which an installation without accounts never loads.
        from backend.store.supabase import SupabaseStore

        token = settings.supabase_worker_token
        return await SupabaseStore.open(
            settings.supabase_url,
            settings.supabase_publishable_key,
            token.get_secret_value() if token else None,
            operator_key,
        )
    from backend.store.sqlite import SqliteStore

    return await SqliteStore.open(settings.database)
