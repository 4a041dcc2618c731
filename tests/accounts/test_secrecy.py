"""No token, password, code or address ends in a log, an error, or another place than the sealed cookie."""

import logging
import threading

import pytest

from backend.web.auth_cookies import SESSION
from tests.accounts.conftest import Site
from tests.accounts.people import link_of, me, new_address
from tests.supabase.project import SupabaseServer

PASSWORD = "correct horse battery 9"


async def test_a_whole_life_of_an_account_leaves_nothing_behind(
    site: Site, supabase_server: SupabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # It writes whole headers, those of the test's own browser among them.
    caplog.set_level(logging.INFO, "httpcore")
    email = new_address()
    said = []
    async with site.browser() as browser:

        async def post(route: str, **body: object) -> None:
            answer = await browser.post(f"/auth/{route}", json=body)
            said.append(answer.text)

        await post("sign-up", email=email, password=PASSWORD)
        mail = supabase_server.mail(email)
        await post("sign-in", email=email, password=PASSWORD)
        await post("code", email=email, code="000000")
        _, link = link_of(mail)
        await post("confirm", **link)
        access = (await me(browser))["token"]
        refresh = (await site.accounts.sessions.resume(browser.cookies[SESSION])).session.grant.refresh  # pyright: ignore[reportOptionalMemberAccess]
        kept = browser.cookies[SESSION]
        await post("password", password="abc")
        await post("sign-out", everywhere=True)
    secrets = {
        "password": PASSWORD,
        "code": mail.code,
        "link": mail.token_hash,
        "access token": access,
        "refresh token": refresh,
        "cookie": kept,
        "address": email,
        "signature": access.rpartition(".")[2],
    }
    for where, text in (("log", caplog.text), ("answers", "".join(said))):
        for name, secret in secrets.items():
            assert secret not in text, f"the {name} is in the {where}"
    assert refresh not in kept


async def test_the_client_leaves_no_threads_and_remembers_nobody(site: Site, supabase_server: SupabaseServer) -> None:
    before = threading.active_count()
    users = [supabase_server.sign_up() for _ in range(3)]
    sessions = [await site.accounts.sign_in(user.email, user.password) for user in users]
    assert [session.user.id for session in sessions] == [user.id for user in users]
    assert threading.active_count() == before
    trial = await site.accounts.anonymous()
    assert trial.user.id not in {user.id for user in users}
