"""The suite for a real project holds on the tests' own."""

from backend.config import Settings
from tests.supabase.hosted import keeps_its_promises
from tests.supabase.project import SupabaseServer


async def test_the_suite_for_a_real_project_passes_here(supabase_server: SupabaseServer) -> None:
    variables = {
        "SUPABASE_URL": supabase_server.url,
        "SUPABASE_PUBLISHABLE_KEY": supabase_server.publishable_key,
        "SUPABASE_WORKER_TOKEN": supabase_server.mint("codeflow_worker"),
        "CODEFLOW_SESSION_SECRET": "a-secret-of-this-test-and-of-nobody-else",
    }
    await keeps_its_promises(Settings.model_validate(variables))
