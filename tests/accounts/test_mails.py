"""A link and a code by e-mail, and the way back to a forgotten password."""

import pytest

from tests.accounts.conftest import Site
from tests.accounts.people import link_of, me, new_address, sign_in
from tests.supabase.project import SupabaseServer


@pytest.mark.parametrize("known", [True, False], ids=["an account", "no account yet"])
async def test_a_mail_holds_a_link_and_a_code_and_either_signs_in(
    site: Site, supabase_server: SupabaseServer, known: bool
) -> None:
    email = supabase_server.sign_up().email if known else new_address()
    async with site.browser() as browser, site.browser() as telephone:
        asked = {"email": email.upper(), "next": "/?p=7"}
        assert (await browser.post("/auth/email", json=asked)).json() == {"ok": True}
        mail = supabase_server.mail(email)
        code = {"email": email, "code": f" {mail.code} ", "next": "/?p=7"}
        answer = await browser.post("/auth/code", json=code)
        assert answer.json() == {"ok": True, "next": "/?p=7"}, answer.text
        assert (await me(browser))["email"] == email
        used = await telephone.post("/auth/code", json=code)
        assert used.status_code == 422
        await telephone.post("/auth/email", json=asked)
        address, link = link_of(supabase_server.mail(email))
        assert address.endswith("/auth/confirm")
        answer = await telephone.post("/auth/confirm", json=link)
        assert answer.json() == {"ok": True, "next": "/?p=7"}, answer.text
        assert (await me(telephone))["user"] == (await me(browser))["user"]


async def test_the_mail_of_a_new_account_leads_back_to_what_was_wanted(
    site: Site, supabase_server: SupabaseServer
) -> None:
    email = new_address()
    async with site.browser() as browser:
        wanted = {"email": email, "password": "correct horse 1", "next": "/s/abc?remix"}
        await browser.post("/auth/sign-up", json=wanted)
        _, link = link_of(supabase_server.mail(email))
        assert link["next"] == f"{site.url}/s/abc?remix"
        assert (await browser.post("/auth/confirm", json=link)).json() == {"ok": True, "next": "/s/abc?remix"}
        assert (await me(browser))["email"] == email


async def test_a_wrong_code_and_an_unknown_address_are_told_alike(site: Site, supabase_server: SupabaseServer) -> None:
    email = supabase_server.sign_up().email
    async with site.browser() as browser:
        await browser.post("/auth/email", json={"email": email})
        right = supabase_server.mail(email).code
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        answers = [
            await browser.post("/auth/code", json={"email": address, "code": wrong})
            for address in (email, new_address())
        ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(422, answers[0].text)}
    assert "wrong, was used already, or is too old" in answers[0].text


async def test_a_forgotten_password_is_replaced_and_other_sessions_end(
    site: Site, supabase_server: SupabaseServer
) -> None:
    user = supabase_server.sign_up()
    async with site.browser() as browser, site.browser() as other:
        await sign_in(other, user)
        await browser.post("/auth/recover", json={"email": user.email})
        _, link = link_of(supabase_server.mail(user.email))
        assert link["type"] == "recovery"
        answer = await browser.post("/auth/confirm", json=link)
        assert answer.json() == {"ok": True, "next": "/signin?view=password"}
        same = await browser.post("/auth/password", json={"password": user.password})
        assert same.status_code in (200, 422)
        answer = await browser.post("/auth/password", json={"password": "battery staple 2"})
        assert answer.json() == {"ok": True, "next": "/"}, answer.text
        assert (await me(browser))["user"] == user.id
    async with site.browser() as browser:
        old = await browser.post("/auth/sign-in", json={"email": user.email, "password": user.password})
        assert old.status_code == 422
        new = await browser.post("/auth/sign-in", json={"email": user.email, "password": "battery staple 2"})
        assert new.status_code == 200


@pytest.mark.parametrize("route", ["/auth/email", "/auth/recover"])
async def test_asking_for_a_mail_tells_nothing_about_an_address(
    site: Site, supabase_server: SupabaseServer, route: str
) -> None:
    known = supabase_server.sign_up().email
    async with site.browser() as browser:
        answers = [await browser.post(route, json={"email": email}) for email in (known, new_address())]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, '{"ok":true}')}


async def test_setting_a_password_needs_a_session(site: Site) -> None:
    async with site.browser() as browser:
        for route in ("/auth/password", "/auth/upgrade"):
            answer = await browser.post(route, json={"password": "battery staple 2", "email": new_address()})
            assert answer.status_code in (401, 422)
            assert "set-cookie" not in answer.headers
        assert (await browser.post("/auth/password", json={"password": "battery 2"})).status_code == 401
