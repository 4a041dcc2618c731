"""No other website, name or endless body gets anywhere."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers

from backend.config import Settings
from backend.web.security import allowed_hosts, content_security_policy, host_name, preview_sources, same_origin
from tests.web.conftest import Site

OURS = "http://localhost:7860"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "localhost.evil.example", "", "[::1", "a/b@localhost"]
)
async def test_a_foreign_name_for_a_local_server_is_refused(site: Site, host: str) -> None:
    answer = await site.http.get("/healthz", headers={"host": host})
    assert answer.status_code in (400, 403)
    if answer.status_code == 403:
        assert answer.json()["error"]["code"] == "foreign_host"


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860", "LOCALHOST"])
async def test_our_own_names_are_answered(site: Site, host: str) -> None:
    assert (await site.http.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://3000-sb1.localhost:3900", "http://localhost:1"]
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "OPTIONS"])
async def test_another_website_changes_nothing(site: Site, origin: str, method: str) -> None:
    answer = await site.http.request(method, "/api/projects", headers={"origin": origin}, json={"prompt": "x"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "foreign_origin"
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert (await site.http.get("/api/projects")).json() == []


async def test_another_website_is_not_let_in_by_a_get_either(site: Site) -> None:
    answer = await site.http.get("/api/projects", headers={"origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"host": "localhost:7860", "origin": OURS}, True),
        ({"host": "10.0.0.7:7860", "x-forwarded-host": "me.example", "origin": "https://me.example"}, True),
        ({"host": "localhost:7860"}, True),
        ({"host": "localhost:7860", "sec-fetch-site": "same-origin"}, True),
        ({"host": "localhost:7860", "sec-fetch-site": "cross-site"}, False),
        ({"host": "localhost:7860", "sec-fetch-site": "same-site"}, False),
        ({"host": "localhost:7860", "origin": "http://localhost:7861"}, False),
        ({"host": "localhost:7860", "origin": "null"}, False),
        ({"origin": "null"}, False),
    ],
)
def test_where_a_request_comes_from(headers: dict[str, str], ours: bool) -> None:
    assert same_origin(Headers(headers)) is ours


async def test_every_answer_tells_the_browser_what_is_allowed(site: Site) -> None:
    for answer in (await site.http.get("/healthz"), await site.http.get("/api/nothing")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http://*.localhost:*" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"]


@pytest.mark.parametrize(
    ("variables", "frames"),
    [
        ({}, "frame-src http://*.localhost:*;"),
        ({"E2B_API_KEY": "e2b_x"}, "frame-src https://*.e2b.app https://*.e2b.dev;"),
        ({"E2B_API_KEY": "e2b_x", "E2B_DOMAIN": "boxes.example.com"}, "frame-src https://*.boxes.example.com;"),
        (
            {"CODEFLOW_DISPATCH_URL": "https://modal"},
            "frame-src http://*.localhost:* https://*.e2b.app https://*.e2b.dev;",
        ),
        ({"CODEFLOW_WORKERS": 0}, "frame-src http://*.localhost:* https://*.e2b.app https://*.e2b.dev;"),
        ({"CODEFLOW_PREVIEW_DOMAIN": "previews.example.com"}, "frame-src https://*.previews.example.com;"),
        ({"CODEFLOW_PREVIEW_DOMAIN": "http://previews.lan:3900/"}, "frame-src http://*.previews.lan:3900;"),
        ({"CODEFLOW_PREVIEW_ORIGINS": "https://*.boxes.example.com"}, "frame-src https://*.boxes.example.com;"),
    ],
)
def test_the_page_frames_only_what_previews_are_served_from(variables: dict[str, Any], frames: str) -> None:
    settings = Settings(_env_file=None, **variables)  # pyright: ignore[reportCallIssue]
    assert frames in content_security_policy(preview_sources(settings))


async def test_over_https_the_browser_is_told_to_stay_there_and_over_http_it_is_not(site: Site) -> None:
    plain = await site.http.get("/healthz")
    assert "strict-transport-security" not in plain.headers
    assert "camera=()" in plain.headers["permissions-policy"]
    for path, host in (("/healthz", "localhost"), ("/api/nothing", "localhost"), ("/", "evil.example")):
        answer = await site.http.get(path, headers={"x-forwarded-proto": "https", "host": host})
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["x-content-type-options"] == "nosniff", "also what is refused"


async def test_a_body_that_is_too_large_is_refused_by_what_it_says(site: Site) -> None:
    url = site.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /api/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n\r\n{")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"too_large"' in answer


async def test_a_body_without_end_is_refused_by_what_it_is(site: Site) -> None:
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1_000_000
            yield b"x" * 1_000_000
            await asyncio.sleep(0)

    try:
        answer = await site.http.post("/api/projects", content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # The server hung up in the middle, which is as good.
    assert sent < 100_000_000


def test_names_are_checked_only_where_the_server_is_local() -> None:
    assert allowed_hosts("127.0.0.1")
    assert allowed_hosts("0.0.0.0") is None
    assert host_name("[::1]:80") == "::1"
    assert host_name("localhost") == "localhost"


async def test_the_log_of_a_failure_holds_no_links_token(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(token: str) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr(site.services.store, "open_share", broken)
    answer = await site.http.get("/api/shared/a-very-secret-token")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "a fault of our own" in caplog.text
    assert "a-very-secret-token" not in caplog.text
    assert "/api/shared/{token}" in caplog.text
