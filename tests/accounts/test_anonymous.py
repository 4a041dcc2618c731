"""On trial, and what becomes of it."""

from tests.accounts.conftest import Site
from tests.accounts.people import link_of, me, new_address
from tests.supabase.project import SupabaseServer

PASSWORD = "correct horse 1"


async def test_a_trial_becomes_an_account_and_stays_the_same_user(site: Site, supabase_server: SupabaseServer) -> None:
    email = new_address()
    async with site.browser() as browser:
        answer = await browser.post("/auth/anonymous", json={"next": "/?p=1"})
        assert answer.json() == {"ok": True, "next": "/?p=1"}
        trial = await me(browser)
        assert trial["anonymous"] is True
        assert trial["email"] is None
        answer = await browser.post("/auth/upgrade", json={"email": email, "password": PASSWORD, "next": "/?p=1"})
        assert answer.json() == {"ok": True, "confirm": True}, answer.text
        assert (await me(browser))["user"] == trial["user"]
        _, link = link_of(supabase_server.mail(email))
        assert link["type"] == "email_change"
        answer = await browser.post("/auth/confirm", json=link)
        assert answer.json() == {"ok": True, "next": "/?p=1"}, answer.text
        account = await me(browser)
        assert (account["user"], account["email"], account["anonymous"]) == (trial["user"], email, False)
    async with site.browser() as other:
        answer = await other.post("/auth/sign-in", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert (await me(other))["user"] == trial["user"]


async def test_upgrading_to_a_taken_address_looks_like_upgrading(site: Site, supabase_server: SupabaseServer) -> None:
    taken = supabase_server.sign_up().email
    async with site.browser() as browser:
        await browser.post("/auth/anonymous", json={})
        before = await me(browser)
        answer = await browser.post("/auth/upgrade", json={"email": taken, "password": PASSWORD})
        assert answer.json() == {"ok": True, "confirm": True}, answer.text
        after = await me(browser)
        assert (after["user"], after["anonymous"]) == (before["user"], True)


async def test_an_account_cannot_be_upgraded(site: Site, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser:
        await browser.post("/auth/sign-in", json={"email": user.email, "password": user.password})
        answer = await browser.post("/auth/upgrade", json={"email": new_address(), "password": PASSWORD})
        assert answer.status_code == 422
        assert (await me(browser))["email"] == user.email
