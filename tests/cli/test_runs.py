"""The operator's view of everybody's runs."""

import asyncio
import json
import uuid

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.domain import OpenRun, RunKind, Unavailable, User
from backend.store.sqlite import SqliteStore
from backend.store.supabase import SupabaseStore
from tests.cli.test_operator import ADA, codeflow
from tests.supabase.project import SupabaseServer

EVE = User(id="eve", email="eve@example.com")
SECRET = "ada's secret cat"


async def under_way() -> None:
    """Of two people: one run waits, one's worker was lost."""
    store = await SqliteStore.open(Settings().database)
    for user, run_id in ((ADA, "run-of-ada"), (EVE, "run-of-eve")):
        project = await store.create_project(user, SECRET, {"a.ts": b""})
        await store.start_run(user, project.id, run_id, RunKind.PROMPT, SECRET)
    assert await store.claim_run("lost-worker", -300.0, "run-of-eve")
    await store.close()


def test_runs_that_are_not_over_are_listed_and_the_stuck_ones_say_why() -> None:
    assert "0 not over" in codeflow("runs")
    asyncio.run(under_way())
    told = codeflow("runs")
    assert "stuck run-of-eve: its worker was last heard of too long ago: the lease ended 5 min ago" in told
    assert "stuck run-of-ada" not in told
    assert "2 not over, 1 stuck." in told
    assert SECRET not in told
    table = {cells[0]: cells for line in told.splitlines() if (cells := line.split())}
    assert table["run-of-eve"][2:6] == ["eve", "prompt", "running", "1"]
    assert table["run-of-ada"][2:6] == ["ada", "prompt", "queued", "0"]


def test_programs_read_the_same_as_json() -> None:
    asyncio.run(under_way())
    told = {run["id"]: run for run in json.loads(codeflow("runs", "--json"))}
    assert {run_id: list(run.pop("stuck")) for run_id, run in told.items()} == {
        "run-of-ada": [],
        "run-of-eve": ["lease_expired"],
    }
    eve = OpenRun.model_validate(told["run-of-eve"])
    assert (eve.owner, eve.worker) == ("eve", "lost-worker")
    assert [run["id"] for run in json.loads(codeflow("runs", "--stuck", "--json"))] == ["run-of-eve"]


def test_on_supabase_they_are_the_operators_to_see(
    supabase_server: SupabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_URL", supabase_server.url)
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", supabase_server.publishable_key)
    with pytest.raises(Unavailable, match="SUPABASE_SECRET_KEY"):
        codeflow("runs")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", supabase_server.secret_key)
    account = supabase_server.sign_up()
    user = User(id=account.id, token=SecretStr(supabase_server.mint("authenticated", account.id)))
    asyncio.run(queued_on(supabase_server, user))
    mine = [run for run in json.loads(codeflow("runs", "--json")) if run["owner"] == user.id]
    assert [(run["status"], run["lease_s"], run["stuck"]) for run in mine] == [("queued", None, {})]


async def queued_on(server: SupabaseServer, user: User) -> None:
    store = await SupabaseStore.open(server.url, server.publishable_key)
    project = await store.create_project(user, SECRET, {"a.ts": b""})
    await store.start_run(user, project.id, uuid.uuid4().hex, RunKind.PROMPT, SECRET)
    await store.close()
