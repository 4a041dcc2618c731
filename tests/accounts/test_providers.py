"""GitHub and Google: the browser goes there and comes back; nobody can send it back in our place."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.accounts.conftest import Site
from tests.accounts.people import me, new_address
from tests.supabase.project import SupabaseServer


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.browser() as browser:
        yield browser


async def travel(browser: httpx.AsyncClient, start: str, until: str) -> httpx.Response:
    """Follow redirects as a browser does, up to the answer that leads to `until`."""
    answer = await browser.get(start)
    for _ in range(10):
        assert answer.status_code in (302, 303), answer.text
        if answer.headers["location"].startswith(until):
            return answer
        answer = await browser.get(answer.headers["location"])
    raise AssertionError("in circles")


@pytest.mark.parametrize("provider", ["github", "google"])
async def test_signing_in_there_signs_in_here(
    site: Site, supabase_server: SupabaseServer, browser: httpx.AsyncClient, provider: str
) -> None:
    email = new_address()
    supabase_server.sign_in_at(provider, email)
    back = await travel(browser, f"/auth/oauth/{provider}?next=/s/abc%3Fremix", f"{site.url}/auth/callback")
    answer = await browser.get(back.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/s/abc?remix")
    assert (await me(browser))["email"] == email
    assert "codeflow-flow" not in browser.cookies
    again = await browser.get(back.headers["location"])
    assert again.headers["location"] == "/signin?problem=expired"


async def test_the_browser_is_sent_away_with_a_challenge_and_keeps_the_verifier(
    site: Site, supabase_server: SupabaseServer, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get("/auth/oauth/github")
    assert answer.status_code == 303
    away = urlsplit(answer.headers["location"])
    assert f"{away.scheme}://{away.netloc}{away.path}" == f"{supabase_server.url}/auth/v1/authorize"
    query = parse_qs(away.query)
    assert query["code_challenge_method"] == ["s256"]
    assert query["redirect_to"][0].startswith(f"{site.url}/auth/callback?state=")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("codeflow-flow=")
    assert "HttpOnly; Max-Age=600; SameSite=Lax" in cookie


async def test_somebody_elses_sign_in_is_not_taken(
    site: Site, supabase_server: SupabaseServer, browser: httpx.AsyncClient
) -> None:
    """Login CSRF: the attacker begins, and has the victim's browser end it."""
    supabase_server.sign_in_at("github", new_address())
    back = (await travel(browser, "/auth/oauth/github", f"{site.url}/auth/callback")).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    async with site.browser() as victim:
        bare = await victim.get(back)
        assert bare.headers["location"] == "/signin?problem=expired"
        own = await travel(victim, "/auth/oauth/github", f"{site.url}/auth/callback")
        query = parse_qs(urlsplit(own.headers["location"]).query)
        own_state, own_code = query["state"][0], query["code"][0]
        for query in (
            {"code": code, "state": own_state},
            {"code": code},
            {"code": own_code, "state": own_state + "x"},
            {"code": own_code},
        ):
            answer = await victim.get("/auth/callback", params=query)
            assert answer.headers["location"] == "/signin?problem=expired"
            assert "codeflow=" not in answer.headers.get("set-cookie", "")
        assert (await victim.get("/api/me")).status_code == 401
        assert (await victim.get(own.headers["location"])).headers["location"] == "/"
    assert (await browser.get(back)).headers["location"] == "/"


async def test_cancelling_there_is_told_here(
    site: Site, supabase_server: SupabaseServer, browser: httpx.AsyncClient
) -> None:
    supabase_server.sign_in_at("github", None)
    back = await travel(browser, "/auth/oauth/github", site.url)
    answer = await browser.get(back.headers["location"])
    assert answer.headers["location"] == "/signin?problem=denied"


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("error=server_error&error_code=signup_disabled", "signup_disabled"),
        ("error=server_error&error_description=<b>evil</b>", "failed"),
        ("error_code=<b>", "expired"),
        ("", "expired"),
    ],
)
async def test_what_the_address_says_is_never_repeated(browser: httpx.AsyncClient, query: str, problem: str) -> None:
    answer = await browser.get(f"/auth/callback?{query}")
    assert answer.headers["location"] == f"/signin?problem={problem}"


async def test_a_provider_that_is_not_switched_on_is_none(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/auth/oauth/facebook")).status_code == 422
