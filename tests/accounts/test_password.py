"""An address and a password."""

import pytest

from tests.accounts.conftest import Site
from tests.accounts.people import me, new_address, sign_in
from tests.supabase.project import SupabaseServer


async def test_signing_in_opens_what_was_closed(site: Site, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser:
        assert (await browser.get("/api/me")).status_code == 401
        credentials = {"email": user.email, "password": user.password, "next": "/?p=1"}
        answer = await browser.post("/auth/sign-in", json=credentials)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"ok": True, "next": "/?p=1"}
        me = (await browser.get("/api/me")).json()
        assert me["user"] == user.id
        assert me["email"] == user.email
        assert me["anonymous"] is False
    async with site.browser() as other:
        assert (await other.get("/api/me")).status_code == 401


@pytest.mark.parametrize("email", ["theirs", "nobodys"])
async def test_a_wrong_password_and_an_unknown_address_are_told_alike(
    site: Site, supabase_server: SupabaseServer, email: str
) -> None:
    address = supabase_server.sign_up().email if email == "theirs" else new_address()
    async with site.browser() as browser:
        answer = await browser.post("/auth/sign-in", json={"email": address, "password": "not the password"})
        assert answer.status_code == 422
        assert answer.json()["error"]["message"].startswith("The e-mail address or the password is wrong.")
        assert "set-cookie" not in answer.headers


async def test_a_new_account_is_the_persons_once_the_mail_is_answered(
    site: Site, supabase_server: SupabaseServer
) -> None:
    email = new_address()
    async with site.browser() as browser:
        answer = await browser.post("/auth/sign-up", json={"email": email, "password": "correct horse 1"})
        assert answer.json() == {"ok": True, "confirm": True}
        assert (await browser.get("/api/me")).status_code == 401
        early = await browser.post("/auth/sign-in", json={"email": email, "password": "correct horse 1"})
        assert "not confirmed yet" in early.json()["error"]["message"]
        mail = supabase_server.mail(email)
        link = {"token_hash": mail.token_hash, "type": "signup", "next": "/s/abc?remix"}
        answer = await browser.post("/auth/confirm", json=link)
        assert answer.json() == {"ok": True, "next": "/s/abc?remix"}
        assert (await browser.get("/api/me")).json()["email"] == email
        again = await browser.post("/auth/confirm", json=link)
        assert again.status_code == 422
        assert "used already" in again.json()["error"]["message"]


async def test_signing_up_with_a_taken_address_looks_like_signing_up(
    site: Site, supabase_server: SupabaseServer
) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser:
        answer = await browser.post("/auth/sign-up", json={"email": user.email, "password": "correct horse 1"})
        fresh = await browser.post("/auth/sign-up", json={"email": new_address(), "password": "correct horse 1"})
    assert (answer.status_code, answer.json()) == (fresh.status_code, fresh.json())
    assert "set-cookie" not in answer.headers


async def test_a_weak_password_is_refused_with_the_reason(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.post("/auth/sign-up", json={"email": new_address(), "password": "abc"})
    assert answer.status_code == 422
    assert "Choose another password" in answer.json()["error"]["message"]


async def test_a_new_password_ends_the_sessions_of_whoever_had_the_old_one(
    site: Site, supabase_server: SupabaseServer
) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser, site.browser() as other:
        await sign_in(browser, user)
        await sign_in(other, user)
        answer = await browser.post("/auth/password", json={"password": "another one, and longer"})
        assert answer.status_code == 200, answer.text
        assert (await me(browser))["user"] == user.id
        assert (await other.get("/api/me")).status_code == 401
