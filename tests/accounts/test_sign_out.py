"""Leaving, here and everywhere."""

import pytest

from backend.accounts.sessions import AHEAD_S
from backend.web.auth_cookies import SESSION
from tests.accounts.conftest import Site
from tests.accounts.people import me, sign_in
from tests.supabase.project import SupabaseServer


async def test_signing_out_ends_this_session_at_once_and_no_other(site: Site, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser, site.browser() as other:
        await sign_in(browser, user)
        await sign_in(other, user)
        kept = browser.cookies[SESSION]
        answer = await browser.post("/auth/sign-out", json={})
        assert answer.json() == {"ok": True, "next": "/signin"}
        assert SESSION not in browser.cookies
        browser.cookies.set(SESSION, kept, domain="127.0.0.1")
        assert (await browser.get("/api/me")).status_code == 401
        assert (await me(other))["user"] == user.id


async def test_signing_out_everywhere_ends_the_others_at_once(site: Site, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser, site.browser() as other, site.browser() as stolen:
        await sign_in(browser, user)
        await sign_in(other, user)
        stolen.cookies.set(SESSION, other.cookies[SESSION], domain="127.0.0.1")
        assert (await me(stolen))["user"] == user.id
        await browser.post("/auth/sign-out", json={"everywhere": True})
        for gone in (other, stolen):
            assert (await gone.get("/api/me")).status_code == 401
        assert SESSION not in other.cookies
        await sign_in(browser, user)
        renewed = [await browser.get("/api/me") for _ in range(3)]
        assert [(answer.status_code, "set-cookie" in answer.headers) for answer in renewed] == [
            (200, True),
            (200, False),
            (200, False),
        ]


async def test_who_was_renewed_just_before_is_signed_out_everywhere_too(
    site: Site, supabase_server: SupabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser, site.browser() as other:
        await sign_in(browser, user)
        await sign_in(other, user)
        before = other.cookies[SESSION]
        with monkeypatch.context() as patch:
            patch.setattr("backend.accounts.sessions.AHEAD_S", 3600 + AHEAD_S)
            await me(other)
        await browser.post("/auth/sign-out", json={"everywhere": True})
        other.cookies.clear()
        other.cookies.set(SESSION, before, domain="127.0.0.1")
        assert (await other.get("/api/me")).status_code == 401


async def test_one_may_leave_twice_and_without_having_come(site: Site) -> None:
    async with site.browser() as browser:
        for _ in range(2):
            assert (await browser.post("/auth/sign-out", json={})).status_code == 200
