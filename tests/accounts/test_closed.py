"""With accounts, everything is closed to strangers but what they need to come in."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from backend.web.session import ASSETS, OPEN, AccountSession, is_under
from tests.accounts.conftest import Site


@pytest.mark.parametrize(
    "path", ["/api/projects", "/api/me", "/config", "/gradio_api/info", "/gradio_api/queue/join", "/theme.css", "/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_stranger_gets_nothing(site: Site, method: str, path: str) -> None:
    async with site.browser() as browser:
        answer = await browser.request(method, path)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "not_signed_in"


@pytest.mark.parametrize(
    ("asked", "led"),
    [("/", "/signin"), ("/?p=1&view=code", "/signin?next=%2F%3Fp%3D1%26view%3Dcode"), ('/?x=é"<', None)],
)
async def test_a_strangers_page_is_the_sign_in_and_leads_back(site: Site, asked: str, led: str | None) -> None:
    async with site.browser() as browser:
        for method in ("GET", "HEAD"):
            answer = await browser.request(method, asked)
            assert answer.status_code == 303
            assert answer.headers["cache-control"] == "no-store"
            assert led is None or answer.headers["location"] == led
            assert answer.headers["location"].isascii()
        assert (await browser.post(asked)).status_code == 401


@pytest.mark.parametrize(
    "path", ["/signin", "/auth/confirm", "/s/abc", "/api/shared/abc", "/billing/stripe", "/ui-12/x.js"]
)
async def test_the_way_in_and_what_is_shared_are_open(site: Site, path: str) -> None:
    async with site.browser() as browser:
        assert (await browser.get(path)).status_code in (200, 404, 405)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/api",
            "/api/projects",
            "/signing",
            "/signin/x",
            "/auth",
            "/s",
            "/sx",
            "/api/sharedx",
            "/ui",
            "/billing",
        ),
        *(
            "/auth/../api/projects",
            "/s//api/projects",
            "//auth/x",
            "/s/\\..\\api",
            "/s/..",
            "/auth/\0",
            "/AUTH/x",
            "auth/",
        ),
    ],
)
def test_no_path_pretends_to_be_open(path: str) -> None:
    assert not is_under(path, OPEN)
    assert not is_under(path, ASSETS)


async def test_there_is_no_way_round_by_websocket(site: Site) -> None:
    sent: list[Message] = []

    async def unreachable(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("a stranger came in")

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await AccountSession(unreachable, site.accounts)({"type": "websocket", "path": "/signin"}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_strangers_send_little_and_users_may_send_more(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(21):
            yield b" " * 50_000

    async with site.browser() as browser:
        answer = await browser.post("/auth/sign-in", content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too_large"
        assert (await browser.post("/api/shared/abc", content=b"x" * 900_000)).json() == {"bytes": 900_000}
        await browser.post("/auth/anonymous", json={})
        assert (await browser.post("/api/projects", content=b"x" * 3_000_000)).json() == {"bytes": 3_000_000}


async def test_another_website_cannot_sign_anybody_in_or_out(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url) as browser:
        for route in ("sign-in", "sign-up", "email", "code", "anonymous", "confirm", "recover", "sign-out"):
            for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
                answer = await browser.post(f"/auth/{route}", json={}, headers=headers)
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
                assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_only_json_is_read(site: Site, media_type: str) -> None:
    """A form of another website can send everything but JSON."""
    async with site.browser() as browser:
        answer = await browser.post("/auth/anonymous", content=b"{}", headers={"content-type": media_type})
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("sign-in", {"email": "a@b.c", "password": "x", "admin": True}),
        ("sign-in", {"email": "a@b.c"}),
        ("sign-in", {"email": "a@b.c", "password": "x" * 129}),
        ("sign-in", {"email": "a" * 255 + "@b.c", "password": "x"}),
        ("sign-in", {"email": "nobody", "password": "x"}),
        ("sign-in", {"email": "a@b.c\nx", "password": "x"}),
        ("sign-in", {"email": "a\0@b.c", "password": "x"}),
        ("sign-in", {"email": ["a@b.c"], "password": "x"}),
        ("sign-in", {"email": "a@b.c", "password": "x", "next": "/" * 2001}),
        ("code", {"email": "a@b.c", "code": "12345"}),
        ("code", {"email": "a@b.c", "code": "１２３４５６"}),
        ("confirm", {"token_hash": "a/b", "type": "signup"}),
        ("confirm", {"token_hash": "x" * 257, "type": "signup"}),
        ("confirm", {"token_hash": "x", "type": "phone_change"}),
        ("anonymous", []),
    ],
)
async def test_what_is_sent_is_bounded_and_known(site: Site, route: str, body: object) -> None:
    async with site.browser() as browser:
        answer = await browser.post(f"/auth/{route}", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "invalid_input"
