"""A session outlives its tokens, without asking more than once."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest

from backend.accounts.accounts import Accounts
from backend.accounts.grants import Grant
from backend.accounts.sealing import Seal
from backend.accounts.sessions import AHEAD_S, Session
from backend.domain import Unavailable
from backend.web.auth_cookies import SESSION
from backend.web.limits import RateLimits
from tests.accounts.conftest import GENEROUS, SECRET, Site, serving, settings_for
from tests.supabase.project import SupabaseServer, User


class Wire:
    """The way to Supabase, with a count of the renewals, and an outage when asked."""

    def __init__(self) -> None:
        self.renewals = 0
        self.out = False
        self.http = httpx.AsyncClient(event_hooks={"request": [self._watch]})

    async def _watch(self, request: httpx.Request) -> None:
        if request.url.params.get("grant_type") == "refresh_token":
            self.renewals += 1
            if self.out:
                raise httpx.ConnectError("the network is out", request=request)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.http.aclose()


@pytest.fixture
async def site(supabase_server: SupabaseServer, tmp_path: Path, wire: Wire) -> AsyncIterator[Site]:
    accounts = Accounts(supabase_server.url, supabase_server.publishable_key, Seal([SECRET]), (), wire.http)
    async with serving(accounts, settings_for(supabase_server, tmp_path), RateLimits(GENEROUS)) as site:
        yield site


def cookie(site: Site, server: SupabaseServer, user: User, expires_s: int) -> str:
    """The user's session as a browser keeps it, with an access token that is good for so long."""
    claims = jwt.decode(user.access_token, options={"verify_signature": False})
    own = {key: claims[key] for key in ("email", "session_id")}
    access = server.mint("authenticated", user.id, expires_s, **own)
    session = Session(None, Grant(access, user.refresh_token), None, 0)  # pyright: ignore[reportArgumentType]
    return site.accounts.sessions.cookie(session, framed=False)


def keep(browser: httpx.AsyncClient, value: str) -> None:
    browser.cookies.set(SESSION, value, domain="127.0.0.1", path="/")


async def test_a_young_session_asks_nobody(site: Site, supabase_server: SupabaseServer, wire: Wire) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser:
        keep(browser, cookie(site, supabase_server, user, 3600))
        answer = await browser.get("/api/me")
        assert answer.json()["user"] == user.id
        assert "set-cookie" not in answer.headers
    assert wire.renewals == 0


@pytest.mark.parametrize("expires_s", [30, -600], ids=["soon over", "long over"])
async def test_fifty_requests_at_once_renew_once(
    site: Site, supabase_server: SupabaseServer, wire: Wire, expires_s: int
) -> None:
    user = supabase_server.sign_up()
    kept = cookie(site, supabase_server, user, expires_s)
    async with site.browser() as browser:
        keep(browser, kept)
        answers = await asyncio.gather(*(browser.get("/api/me") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert wire.renewals == 1
    assert len({answer.json()["token"] for answer in answers}) == 1
    assert all(answer.headers["set-cookie"].startswith("codeflow=") for answer in answers)
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)


async def test_signing_out_is_not_undone_by_a_renewal(site: Site, supabase_server: SupabaseServer, wire: Wire) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser:
        keep(browser, cookie(site, supabase_server, user, 30))
        answer = await browser.post("/auth/sign-out", json={})
        assert wire.renewals == 1
        (header,) = answer.headers.get_list("set-cookie")
        assert "Max-Age=0" in header
        assert (await browser.get("/api/me")).status_code == 401


async def test_a_late_request_with_the_old_cookie_gets_the_new_one(
    site: Site, supabase_server: SupabaseServer, wire: Wire
) -> None:
    user = supabase_server.sign_up()
    kept = cookie(site, supabase_server, user, -600)
    async with site.browser() as tab, site.browser() as other_tab:
        keep(tab, kept)
        first = (await tab.get("/api/me")).json()
        assert (await tab.get("/api/me")).json() == first
        keep(other_tab, kept)
        assert (await other_tab.get("/api/me")).json() == first
    assert wire.renewals == 1
    assert first["user"] == user.id


async def test_a_visitor_who_leaves_does_not_spoil_it_for_the_others(
    site: Site, supabase_server: SupabaseServer, wire: Wire
) -> None:
    user = supabase_server.sign_up()
    value = cookie(site, supabase_server, user, -600)
    await site.accounts.check()
    first = asyncio.create_task(site.accounts.sessions.resume(value))
    while not wire.renewals:
        await asyncio.sleep(0)
    others = [asyncio.create_task(site.accounts.sessions.resume(value)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    resumed = await asyncio.gather(*others)
    assert first.cancelled()
    assert all(one and one.renewed and one.session.user.id == user.id for one in resumed)
    assert wire.renewals == 1


async def test_a_session_that_is_over_is_forgotten(site: Site, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    stolen = User(user.id, user.email, "", user.access_token, str(uuid.uuid4()))
    async with site.browser() as browser:
        keep(browser, cookie(site, supabase_server, stolen, -600))
        answer = await browser.get("/api/me")
        assert answer.status_code == 401
        assert "codeflow=; Path=/; HttpOnly; Max-Age=0" in answer.headers["set-cookie"]
        assert not browser.cookies


async def test_an_outage_hurts_nobody_whose_token_is_still_good(
    site: Site, supabase_server: SupabaseServer, wire: Wire
) -> None:
    user = supabase_server.sign_up()
    await site.accounts.check()
    wire.out = True
    async with site.browser() as browser:
        keep(browser, cookie(site, supabase_server, user, 45))
        for _ in range(10):
            answer = await browser.get("/api/me")
            assert answer.json()["user"] == user.id
            assert answer.json()["ends"] > time.time()
        assert wire.renewals == 1


async def test_an_outage_signs_nobody_out(
    site: Site, supabase_server: SupabaseServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.accounts.renewals.TROUBLE_S", 0)
    user = supabase_server.sign_up()
    await site.accounts.check()
    wire.out = True
    async with site.browser() as browser:
        keep(browser, cookie(site, supabase_server, user, -600))
        answer = await browser.get("/api/me")
        assert answer.status_code == 503
        assert "does not answer" in answer.json()["error"]["message"]
        page = await browser.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/signin?problem=unavailable")
        assert browser.cookies
        wire.out = False
        assert (await browser.get("/api/me")).json()["user"] == user.id


async def test_a_stream_is_told_to_end_before_its_token_does(site: Site, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser:
        keep(browser, cookie(site, supabase_server, user, 600))
        ends = (await browser.get("/api/me")).json()["ends"] - time.time()
    assert 600 - AHEAD_S - 15 < ends <= 600 - AHEAD_S


async def test_a_changed_cookie_is_no_session(site: Site, supabase_server: SupabaseServer) -> None:
    value = cookie(site, supabase_server, supabase_server.sign_up(), 3600)
    async with site.browser() as browser:
        half = len(value) // 2
        other = "A" if value[half] != "A" else "B"
        for changed in (value[:half] + other + value[half + 1 :], value[1:], value + "AAAA", "x", ""):
            answer = await browser.get("/api/me", headers={"cookie": f"{SESSION}={changed}"})
            assert answer.status_code == 401
        assert (await browser.get("/api/me", headers={"cookie": f"{SESSION}={value}"})).status_code == 200


async def test_a_session_fits_a_cookie_even_with_what_providers_tell(
    site: Site, supabase_server: SupabaseServer
) -> None:
    told = {
        "avatar_url": "https://lh3.googleusercontent.com/a/" + "ACg8ocJ" * 12 + "=s96-c",
        "email": "a.rather.long.name@a-rather-long-company.example.com",
        "email_verified": True,
        "full_name": "Ada Augusta King, Countess of Lovelace",
        "iss": "https://accounts.google.com",
        "name": "Ada Augusta King, Countess of Lovelace",
        "phone_verified": False,
        "picture": "https://lh3.googleusercontent.com/a/" + "ACg8ocJ" * 12 + "=s96-c",
        "provider_id": "123456789012345678901",
        "sub": "123456789012345678901",
    }
    access = supabase_server.mint(
        "authenticated",
        str(uuid.uuid4()),
        email=told["email"],
        session_id=str(uuid.uuid4()),
        app_metadata={"provider": "google", "providers": ["google", "github", "email"]},
        user_metadata=told,
        amr=[{"method": "oauth", "timestamp": int(time.time())}],
        is_anonymous=False,
    )
    session = await site.accounts.sessions.begin(Grant(access, "v1.M" + "x" * 60))
    value = site.accounts.sessions.cookie(session, framed=True)
    resumed = await site.accounts.sessions.resume(value)
    assert resumed
    assert resumed.session == session
    assert len(value) < len(access)
    assert len(value) < 2000


async def test_a_token_too_large_for_a_cookie_is_told_instead_of_lost(
    site: Site, supabase_server: SupabaseServer
) -> None:
    noise = "".join(str(uuid.uuid4()) for _ in range(180))
    access = supabase_server.mint("authenticated", str(uuid.uuid4()), user_metadata={"noise": noise})
    session = await site.accounts.sessions.begin(Grant(access, "r"))
    with pytest.raises(Unavailable, match="more data than a cookie holds"):
        site.accounts.sessions.cookie(session, framed=False)
