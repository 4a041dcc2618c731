"""The Supabase store keeps the contract."""

from tests.store.contract import StoreContract
from tests.store.supabase_world import OnSupabase


class TestSupabase(OnSupabase, StoreContract):
    pass
