"""The page as Modal serves it, and what it says where something is missing."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from fastapi import HTTPException

from backend.agent.models import DEFAULTS
from backend.config import Settings
from backend.domain import CodeFlowError
from backend.web.services import Services
from modal_app import Queued, dispatch, reap, run_agent, web
from tests.modal.conftest import Spawned
from tests.store.supabase_world import OnSupabase, SupabaseWorld


@pytest.mark.usefixtures("container")
class TestPage(OnSupabase):
    async def test_a_visitor_wakes_a_share_and_the_workers_are_told_to_look_for_it(
        self, world: SupabaseWorld, spawned: Spawned
    ) -> None:
        _, token = await world.shared()
        async with _served() as http:
            health = await http.get("/healthz")
            assert health.json() == {"ok": True}
            page = await http.get(f"/s/{token}")
            assert page.status_code == 200
            woken = await http.post(f"/api/shared/{token}/wake", headers={"Origin": str(http.base_url).rstrip("/")})
            assert woken.json()["state"] == "waking", woken.text
        assert (spawned.runs, spawned.reaps) == ([], 1)
        [waiting] = await world.store.claimable(10)
        assert await reap.local() == [waiting]
        assert spawned.runs == [waiting]

    async def test_a_page_that_cannot_be_opened_tells_the_server_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CODEFLOW_SESSION_SECRET", "short")
        told = []

        async def receive() -> dict[str, str]:
            return {"type": "lifespan.startup"}

        async def send(message: dict[str, str]) -> None:
            told.append(message)

        await web.local()({"type": "lifespan"}, receive, send)
        assert told[0]["type"] == "lifespan.startup.failed"
        assert "CODEFLOW_SESSION_SECRET" in told[0]["message"]


@pytest.mark.usefixtures("bare")
async def test_without_supabase_and_e2b_every_function_says_what_is_missing() -> None:
    for refused in (run_agent.local("a-run"), reap.local()):
        with pytest.raises(CodeFlowError, match=r"SUPABASE_URL, .*SUPABASE_WORKER_TOKEN, E2B_API_KEY missing"):
            await refused
    with pytest.raises(HTTPException, match=r"SUPABASE_URL.* missing") as answer:
        await dispatch.local(Queued(run_id="a-run"))
    assert answer.value.status_code == 503
    with pytest.raises(CodeFlowError, match="CODEFLOW_SESSION_SECRET, E2B_API_KEY missing"):
        web.local()


@pytest.mark.usefixtures("container")
async def test_a_page_elsewhere_names_the_workers_model_without_having_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_PROVIDER", "openai")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for name, value in {"URL": "http://127.0.0.1:9", "KEY": "wk-1", "SECRET": "ws-1"}.items():
        monkeypatch.setenv(f"CODEFLOW_DISPATCH_{name}", value)
    services = await Services.open(Settings())
    info = (await services.models()).info
    while not services.setup.ready:
        await services.setup.wait(1)
    await services.close()
    assert (info.model, info.problem) == (DEFAULTS["openai"][0], "")
    assert services.setup.message == "Runs are worked on elsewhere."


@contextlib.asynccontextmanager
async def _served() -> AsyncIterator[httpx.AsyncClient]:
    server = uvicorn.Server(uvicorn.Config(web.local(), log_level="warning", ws="none", lifespan="on"))
    sock = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=60) as http:
        yield http
    server.should_exit = True
    await serving
