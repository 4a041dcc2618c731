"""What the operator sets, and what the doctor says of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.cli.doctor import diagnose
from backend.cli.doctor_supabase import examine_sign_in, examine_store, examine_worker
from backend.cli.finding import Finding
from backend.cli.main import cli
from backend.cli.worker import require_right
from backend.config import Settings
from backend.domain import CodeFlowError, NotFound, RunKind, Unavailable, User
from backend.store.sqlite import SqliteStore
from tests.supabase.project import SupabaseServer

ADA = User(id="ada", email="ada@example.com")


def codeflow(*arguments: str, stdin: str = "") -> str:
    result = CliRunner().invoke(cli, arguments, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def settings(**variables: Any) -> Settings:
    return Settings(_env_file=None, **variables)  # pyright: ignore[reportCallIssue]


def of(server: SupabaseServer, **variables: Any) -> Settings:
    return settings(SUPABASE_URL=server.url, SUPABASE_PUBLISHABLE_KEY=server.publishable_key, **variables)


async def known() -> None:
    store = await SqliteStore.open(Settings().database, default_tier="free")
    project = await store.create_project(ADA, "", {"a.ts": b""})
    await store.start_run(ADA, project.id, "run-one", RunKind.PROMPT, "hello")
    await store.close()


async def tier() -> str:
    store = await SqliteStore.open(Settings().database, default_tier="free")
    usage = await store.usage(ADA)
    await store.close()
    return usage.tier.id


def test_a_user_is_put_on_a_tier_by_e_mail_address() -> None:
    asyncio.run(known())
    assert asyncio.run(tier()) == "free"
    assert "pro" in codeflow("tier", "Ada@Example.com", "pro")
    assert asyncio.run(tier()) == "pro"
    for account, wanted in (("eve@example.com", "pro"), ("ada", "platinum")):
        with pytest.raises(NotFound):
            codeflow("tier", account, wanted)


def test_a_secret_is_piped_in_and_never_shown() -> None:
    assert "whsec" not in codeflow("secret", "billing_webhook", stdin="whsec_very_secret\n")
    assert "forgotten" in codeflow("secret", "billing_webhook", "--forget")
    with pytest.raises(CodeFlowError, match="no secret"):
        codeflow("secret", "billing_webhook", stdin=" \n")


def test_on_supabase_the_operator_needs_the_operators_key(
    supabase_server: SupabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_URL", supabase_server.url)
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", supabase_server.publishable_key)
    user = supabase_server.sign_up()
    with pytest.raises(Unavailable, match="SUPABASE_SECRET_KEY"):
        codeflow("tier", user.email, "pro")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", supabase_server.secret_key)
    codeflow("tier", user.email, "pro")
    assert supabase_server.sql("select tier from public.profiles where id = %s", user.id) == [{"tier": "pro"}]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CODEFLOW_WORKERS": 0}, "CODEFLOW_WORKERS"),
        ({"SUPABASE_URL": "https://a.supabase.co", "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_a"}, "worker-token"),
    ],
)
def test_a_worker_that_could_only_wait_says_so(variables: dict[str, Any], told: str) -> None:
    with pytest.raises(Unavailable, match=told):
        require_right(settings(**variables))


async def test_the_doctor_finds_a_project_that_is_set_up(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    token = supabase_server.mint("codeflow_worker")
    whole = of(supabase_server, SUPABASE_WORKER_TOKEN=token, CODEFLOW_SIGN_IN_WITH="github")
    store, worker, sign_in = await examine_store(whole), await examine_worker(whole), await examine_sign_in(whole)
    assert (store.ok, store.in_force) == (True, "Supabase")
    assert worker.ok
    assert "ends soon" in worker.action, "it lasts for an hour"
    assert sign_in.in_force == "by e-mail, github"
    assert "CODEFLOW_SESSION_SECRET" in sign_in.action
    said = json.dumps([f.model_dump() for f in (store, worker, sign_in)])
    assert token not in said
    assert supabase_server.publishable_key not in said


@pytest.mark.parametrize(
    ("role", "expires_s", "told"),
    [("authenticated", 3600, "role 'authenticated'"), ("codeflow_worker", -60, "ended on")],
)
async def test_the_doctor_tells_a_token_that_is_anothers_or_over(
    supabase_server: SupabaseServer, role: str, expires_s: int, told: str
) -> None:
    found = await examine_worker(of(supabase_server, SUPABASE_WORKER_TOKEN=supabase_server.mint(role, None, expires_s)))
    assert not found.ok
    assert told in found.found
    assert "worker-token" in found.action


async def test_the_doctor_tells_a_token_that_is_none_and_one_that_is_missing(supabase_server: SupabaseServer) -> None:
    assert not (await examine_worker(of(supabase_server, SUPABASE_WORKER_TOKEN="nonsense"))).ok
    missing = await examine_worker(of(supabase_server))
    assert (missing.ok, missing.in_force) == (True, "runs are worked on elsewhere")


async def part(name: str, **variables: Any) -> Finding:
    return next(f for f in await diagnose(settings(**variables)) if f.part == name)


async def test_the_doctor_tells_what_is_missing_of_a_project_and_a_project_that_is_not_there() -> None:
    half = await part("store", SUPABASE_URL="https://a.supabase.co")
    assert not half.ok
    assert "SUPABASE_PUBLISHABLE_KEY" in half.action
    gone = await part("store", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_PUBLISHABLE_KEY="sb_publishable_a")
    assert not gone.ok
    assert "cannot be reached" in gone.action
