"""The test project is what it says: the same calls through the `supabase` package get what the hosted service gives."""

from supabase import acreate_client

from tests.supabase.project import SupabaseServer


async def test_signed_up_user_reads_as_themselves(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    client = await acreate_client(supabase_server.url, supabase_server.publishable_key)
    answer = await client.auth.get_user(user.access_token)
    assert answer
    assert answer.user.email == user.email
