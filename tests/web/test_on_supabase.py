"""The whole of it on a real project: sign in, build, meet a limit, share, be remixed, pay, take everything along, leave."""

import asyncio
import contextlib
import io
import json
import socket
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from backend.accounts.accounts import Accounts
from backend.config import Settings
from backend.store.opening import open_store
from backend.web.api import create_api
from backend.web.services import Services
from tests.supabase.project import SupabaseServer, User
from tests.web.conftest import UPGRADE
from tests.web.test_billing import SECRET, paid, signed


@dataclass
class Hosted:
    url: str
    server: SupabaseServer

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=30, headers={"origin": self.url})

    @contextlib.asynccontextmanager
    async def signed_in(self, user: User) -> AsyncIterator[httpx.AsyncClient]:
        async with self.browser() as browser:
            answer = await browser.post("/auth/sign-in", json={"email": user.email, "password": user.password})
            assert answer.status_code == 200, answer.text
            yield browser


@pytest.fixture
async def hosted(supabase_server: SupabaseServer, tmp_path: Path) -> AsyncIterator[Hosted]:
    """Web only: runs would be worked on elsewhere."""
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        CODEFLOW_DATA_DIR=tmp_path,
        AI_PROVIDER="demo",
        SUPABASE_URL=supabase_server.url,
        SUPABASE_PUBLISHABLE_KEY=supabase_server.publishable_key,
        CODEFLOW_UPGRADE_URL=UPGRADE,
    )
    services = Services(settings, await open_store(settings), Accounts.open(settings))
    api = create_api(services)
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, log_level="warning", ws="none", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    yield Hosted(f"http://127.0.0.1:{sock.getsockname()[1]}", supabase_server)
    server.should_exit = True
    await serving
    await services.close()


async def test_a_users_whole_way(hosted: Hosted) -> None:
    user = hosted.server.sign_up()
    async with hosted.signed_in(user) as ada, hosted.browser() as stranger:
        assert (await stranger.get("/healthz")).json() == {"ok": True}, "also without the right to work on runs"
        me = (await ada.get("/api/me")).json()
        assert (me["email"], me["sign_in"], me["usage"]["tier"]["id"]) == (user.email, True, "free")

        project_id = (await ada.post("/api/projects", json={"prompt": "a page for my cat"})).json()["project_id"]
        limited = (await ada.post("/api/projects", json={"prompt": "another"})).json()["error"]
        assert (limited["code"], limited["kind"]) == ("limit_reached", "concurrent")
        assert parse_qs(urlsplit(limited["upgrade_url"]).query)["client_reference_id"] == [user.id]
        assert (await ada.get("/api/usage")).json()["points_used"] == 1

        shared = (await ada.post(f"/api/projects/{project_id}/shares", json={})).json()
        link = urlsplit(shared["url"]).path.replace("/s/", "/api/shared/")
        assert (await stranger.get(link)).json()["state"] == "off"
        assert (await stranger.post(f"{link}/wake")).json()["state"] == "waking"
        assert (await stranger.post(f"{link}/remix")).status_code == 401
        assert (await stranger.get(f"/api/projects/{project_id}/tree")).status_code == 401
        async with hosted.signed_in(hosted.server.sign_up()) as eve:
            assert (await eve.post(f"{link}/remix")).status_code == 201
            assert (await eve.get(f"/api/projects/{project_id}/tree")).status_code == 404

        exported = await ada.get("/api/account/export.zip")
        with zipfile.ZipFile(io.BytesIO(exported.content)) as z:
            assert json.loads(z.read("account.json"))["user"]["email"] == user.email
            journal = next(name for name in z.namelist() if name.endswith("journal.jsonl"))
            assert b"a page for my cat" in z.read(journal)
            assert not [name for name in z.namelist() if user.access_token.encode() in z.read(name)]

        refused = await ada.request("DELETE", "/api/account", json={"confirm": "yes"})
        assert refused.status_code == 422
        gone = await ada.request("DELETE", "/api/account", json={"confirm": user.email})
        assert gone.status_code == 204
        assert "Max-Age=0" in gone.headers["set-cookie"]
        assert (await ada.get("/api/me")).status_code == 401
        assert (await stranger.get(link)).status_code == 404
        again = await stranger.post("/auth/sign-in", json={"email": user.email, "password": user.password})
        assert again.status_code in (401, 422)
    assert hosted.server.sql("select id from public.profiles where id = %s", user.id) == []


async def test_a_payment_reaches_a_process_without_any_secret_of_the_projects(hosted: Hosted) -> None:
    user = hosted.server.sign_up()
    hosted.server.sql("select public.set_app_secret('billing_webhook', %s)", SECRET)
    async with hosted.signed_in(user) as ada, hosted.browser() as provider:
        body = paid(user.id, f"evt_{user.id}")
        for _ in range(2):
            answer = await provider.post("/billing/stripe", content=body, headers=signed(body))
            assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await ada.get("/api/usage")).json()["tier"]["id"] == "pro"
        forged = await provider.post("/billing/stripe", content=body, headers=signed(body, secret="guessed"))
        assert forged.status_code == 422
    hosted.server.sql("select public.set_app_secret('billing_webhook', null)")
