"""The session's cookie, in the three places a page can stand."""

from http.cookies import SimpleCookie

import httpx
import pytest

from tests.accounts.conftest import Site
from tests.supabase.project import SupabaseServer, User

HTTPS = {"x-forwarded-proto": "https"}
INTO_A_FRAME = {"sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
PARTITIONED = "Secure; SameSite=None; Partitioned"


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """name → the whole header, of those an answer sets."""
    return {header.partition("=")[0]: header for header in answer.headers.get_list("set-cookie")}


def value_of(header: str) -> str:
    return header.partition("=")[2].partition(";")[0]


def attributes(header: str) -> list[str]:
    return header.split("; ")[1:]


@pytest.fixture
def user(supabase_server: SupabaseServer) -> User:
    return supabase_server.sign_up()


async def sign_in(site: Site, user: User, **headers: str) -> dict[str, str]:
    # No jar: it would keep what is for https from plain http.
    async with httpx.AsyncClient(base_url=site.url, headers={"origin": site.url, **headers}) as browser:
        answer = await browser.post("/auth/sign-in", json={"email": user.email, "password": user.password})
        assert answer.status_code == 200, answer.text
        return cookies_of(answer)


async def test_at_home_it_is_plain(site: Site, user: User) -> None:
    cookies = await sign_in(site, user)
    assert list(cookies) == ["codeflow"]
    assert attributes(cookies["codeflow"]) == ["Path=/", "HttpOnly", "Max-Age=2592000", "SameSite=Lax"]
    assert len(cookies["codeflow"].partition(";")[0]) < 4096


async def test_over_https_no_neighbour_can_set_or_read_it(site: Site, user: User) -> None:
    cookies = await sign_in(site, user, **HTTPS)
    assert list(cookies) == ["__Host-codeflow"]
    assert attributes(cookies["__Host-codeflow"]) == ["Path=/", "HttpOnly", "Max-Age=2592000", "Secure", "SameSite=Lax"]


async def test_over_https_the_plain_name_counts_for_nothing(site: Site, user: User) -> None:
    value = value_of((await sign_in(site, user))["codeflow"])
    async with httpx.AsyncClient(base_url=site.url) as browser:
        for name, headers, status in (
            ("codeflow", HTTPS, 401),
            ("__Host-codeflow", HTTPS, 200),
            ("codeflow", {}, 200),
            ("__Host-codeflow", {}, 401),
        ):
            answer = await browser.get("/api/me", headers={"cookie": f"{name}={value}", **headers})
            assert answer.status_code == status


async def test_in_another_websites_frame_it_is_partitioned(site: Site, user: User) -> None:
    async with httpx.AsyncClient(base_url=site.url) as browser:
        page = await browser.get("/", headers={**HTTPS, **INTO_A_FRAME})
    assert page.status_code == 303
    mark = cookies_of(page)["__Host-codeflow-framed"]
    assert attributes(mark) == ["Path=/", "HttpOnly", *PARTITIONED.split("; ")]
    # The form's own request does not say that it comes from a frame: the mark does.
    cookies = await sign_in(site, user, **HTTPS, cookie="__Host-codeflow-framed=1")
    assert attributes(cookies["__Host-codeflow"])[-3:] == PARTITIONED.split("; ")
    value = value_of(cookies["__Host-codeflow"])
    async with httpx.AsyncClient(base_url=site.url, headers={**HTTPS, "origin": site.url}) as browser:
        kept = {"cookie": f"__Host-codeflow={value}"}
        assert (await browser.get("/api/me", headers=kept)).status_code == 200
        left = cookies_of(await browser.post("/auth/sign-out", json={}, headers=kept))
        assert "Max-Age=0" in left["__Host-codeflow"]
        assert left["__Host-codeflow"].endswith(PARTITIONED)


async def test_in_a_frame_a_foreign_origin_is_refused_whatever_cookie_comes(site: Site, user: User) -> None:
    cookies = await sign_in(site, user, **HTTPS, cookie="__Host-codeflow-framed=1")
    kept = {**HTTPS, "cookie": f"__Host-codeflow={value_of(cookies['__Host-codeflow'])}"}
    async with httpx.AsyncClient(base_url=site.url, headers=kept) as browser:
        for origin in ("https://huggingface.co", "null", "https://evil.example"):
            answer = await browser.post("/api/projects", headers={"origin": origin})
            assert answer.status_code == 403
        assert (await browser.post("/api/projects", headers={"origin": site.url})).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-dest": "iframe", "sec-fetch-site": "same-origin"}, {"sec-fetch-dest": "document"}]
)
async def test_our_own_frames_are_no_reason(site: Site, user: User, headers: dict[str, str]) -> None:
    cookies = await sign_in(site, user, **HTTPS, **{**headers, "sec-fetch-site": "same-origin"})
    assert cookies["__Host-codeflow"].endswith("SameSite=Lax")


async def test_the_cookie_parses_as_one(site: Site, user: User) -> None:
    for headers in ({}, HTTPS):
        for header in (await sign_in(site, user, **headers)).values():
            assert len(SimpleCookie(header.replace("; Partitioned", ""))) == 1


async def test_what_one_person_is_told_is_kept_by_no_cache_that_others_use(
    site: Site, supabase_server: SupabaseServer
) -> None:
    async with site.browser() as browser:
        user = supabase_server.sign_up()
        await browser.post("/auth/sign-in", json={"email": user.email, "password": user.password})
        answer = await browser.post("/api/projects", json={})
        assert answer.headers.get_list("cache-control") == ["private"]
        answer = await browser.get("/api/me")
        assert answer.headers.get_list("cache-control") == ["max-age=60"], "whoever says so knows"
