"""The test project's tokens and data interface answer the `supabase` package as the hosted service does."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from postgrest import APIError
from supabase_auth.errors import AuthApiError, AuthInvalidJwtError

from tests.supabase.clients import client
from tests.supabase.project import SupabaseServer

ROWS = 1200
PROBES = f"""
    create table public.probe_rows (id int primary key check (id >= 0), at timestamptz not null default now());
    insert into public.probe_rows select generate_series(1, {ROWS});
    create function public.probe_caller() returns jsonb language sql stable as
        $$ select jsonb_build_array(current_user, current_setting('request.jwt.claims', true)::jsonb ->> 'colour') $$;
    create function public.probe_uid() returns uuid language sql stable as $$ select auth.uid() $$;
    create function public.probe_kind(value jsonb) returns text language sql stable as $$ select jsonb_typeof(value) $$;
    create function public.probe_raise(state text) returns void language plpgsql as
        $$ begin raise exception using errcode = state, message = 'No such luck', hint = 'none'; end $$;
    grant all on public.probe_rows to anon, authenticated, service_role;
    grant execute on function public.probe_caller, public.probe_uid, public.probe_kind, public.probe_raise
        to anon, authenticated, service_role, codeflow_worker;
"""


@pytest.fixture(scope="module")
def server(supabase_server: SupabaseServer) -> Iterator[SupabaseServer]:
    """With tables and functions that only look at what reaches the database."""
    supabase_server.sql(PROBES)
    supabase_server.reload_schema()
    yield supabase_server
    supabase_server.sql(
        "drop table public.probe_rows;"
        "drop function public.probe_caller, public.probe_uid, public.probe_kind, public.probe_raise"
    )
    supabase_server.reload_schema()


async def test_token_is_verified_locally_and_carries_the_hosted_claims(server: SupabaseServer) -> None:
    user = server.sign_up()
    found = await (await client(server)).auth.get_claims(user.access_token)
    assert found
    claims: dict[str, Any] = {**found["claims"]}
    session = claims.pop("session_id")
    [method] = claims.pop("amr")
    expected = {"iss": server.issuer, "sub": user.id, "aud": "authenticated", "role": "authenticated", "aal": "aal1"}
    expected |= {"email": user.email, "phone": "", "is_anonymous": False}
    assert found["headers"]["alg"] == "ES256"
    assert expected.items() <= claims.items()
    assert method["method"] == "otp"
    assert uuid.UUID(session)


async def test_token_of_another_key_is_refused_everywhere(server: SupabaseServer) -> None:
    user = server.sign_up()
    claims = jwt.decode(user.access_token, options={"verify_signature": False})
    header = jwt.get_unverified_header(user.access_token)
    forged = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers=header)
    with pytest.raises(AuthInvalidJwtError):
        await (await client(server)).auth.get_claims(forged)
    with pytest.raises(AuthApiError):
        await (await client(server)).auth.get_user(forged)
    with pytest.raises(APIError) as refused:
        await (await client(server, forged)).table("probe_rows").select("id").execute()
    assert refused.value.code == "PGRST301"


@pytest.mark.parametrize("token", ["eyJ", "eyJ.eyJ.eyJ", "ey nonsense"])
def test_token_that_is_none_is_refused(server: SupabaseServer, token: str) -> None:
    headers = {"apikey": server.publishable_key, "Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.url}/auth/v1/user", headers=headers).status_code in (401, 403)


async def test_expired_token_is_refused_as_expired(server: SupabaseServer) -> None:
    expired = server.mint("authenticated", str(uuid.uuid4()), expires_s=-10)
    with pytest.raises(APIError) as refused:
        await (await client(server, expired)).table("probe_rows").select("id").execute()
    assert refused.value.code == "PGRST303"


async def test_request_runs_as_the_role_and_user_of_its_token(server: SupabaseServer) -> None:
    user = server.sign_up()
    callers = {
        "anon": await client(server),
        "authenticated": await client(server, user.access_token),
        "service_role": await client(server, key=server.secret_key),
        "codeflow_worker": await client(server, server.mint("codeflow_worker", colour="blue")),
    }
    seen = {role: (await caller.rpc("probe_caller").execute()).data for role, caller in callers.items()}
    assert seen == {role: [role, "blue" if role == "codeflow_worker" else None] for role in callers}
    assert (await callers["authenticated"].rpc("probe_uid").execute()).data == user.id
    assert (await callers["anon"].rpc("probe_uid").execute()).data is None


async def test_role_that_the_project_does_not_lend_is_refused(server: SupabaseServer) -> None:
    with pytest.raises(APIError):
        await (await client(server, server.mint("supabase_admin"))).rpc("probe_caller").execute()


def test_key_that_is_not_the_projects_is_refused(server: SupabaseServer) -> None:
    stranger = httpx.get(f"{server.url}/rest/v1/probe_rows", headers={"apikey": "sb_publishable_of_another_project"})
    assert stranger.status_code == 401


async def test_one_answer_holds_at_most_a_thousand_rows(server: SupabaseServer) -> None:
    reader = await client(server)
    first = await reader.table("probe_rows").select("id").order("id").execute()
    rest = await reader.table("probe_rows").select("id").order("id").range(1000, 1999).execute()
    assert (len(first.data), len(rest.data)) == (1000, ROWS - 1000)


async def test_times_are_rfc_3339(server: SupabaseServer) -> None:
    row = await (await client(server)).table("probe_rows").select("at").eq("id", 1).single().execute()
    assert isinstance(row.data, dict)
    told = str(row.data["at"])
    assert "T" in told
    assert datetime.fromisoformat(told).tzinfo is not None
    assert datetime.fromisoformat(told) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("value", "kind"), [({"a": 1}, "object"), ([1, "b"], "array"), (7, "number"), (True, "boolean")]
)
async def test_jsonb_arguments_arrive_encoded_once(server: SupabaseServer, value: object, kind: str) -> None:
    answer = await (await client(server)).rpc("probe_kind", {"value": value}).execute()
    assert answer.data == kind


@pytest.mark.parametrize(
    ("state", "status"), [("PT409", 409), ("PT404", 404), ("P0001", 400), ("42501", 401), ("57014", 503)]
)
def test_sql_states_have_postgrests_status(server: SupabaseServer, state: str, status: int) -> None:
    answer = httpx.post(
        f"{server.url}/rest/v1/rpc/probe_raise", json={"state": state}, headers={"apikey": server.publishable_key}
    )
    assert answer.status_code == status
    assert answer.json() == {"code": state, "message": "No such luck", "details": None, "hint": "none"}


async def test_broken_constraint_is_the_callers_mistake(server: SupabaseServer) -> None:
    with pytest.raises(APIError) as refused:
        await (await client(server)).table("probe_rows").insert({"id": -1}).execute()
    assert refused.value.code == "23514"


async def test_outage_ends_in_errors_and_then_in_answers(server: SupabaseServer) -> None:
    user = server.sign_up()
    reader = await client(server, user.access_token)
    server.stop_postgres()
    try:
        with pytest.raises(APIError) as unread:
            await reader.rpc("probe_uid").execute()
        with pytest.raises(AuthApiError) as unknown:
            await reader.auth.get_user(user.access_token)
    finally:
        server.start_postgres()
    assert unread.value.code == "PGRST001"
    assert unknown.value.code == "unexpected_failure"
    assert (await reader.rpc("probe_uid").execute()).data == user.id
    assert await reader.auth.get_user(user.access_token)
