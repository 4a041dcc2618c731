"""A Space's page in the frame of huggingface.co, in a real browser: cookies of its own there, and none of them elsewhere."""

import asyncio
import datetime
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Frame, Page, async_playwright
from starlette.responses import HTMLResponse

from backend.accounts.accounts import Accounts
from backend.web.limits import RateLimits
from tests.accounts.conftest import GENEROUS, application, settings_for
from tests.browser import browser_executable
from tests.supabase.project import SupabaseServer

HUB, SPACE = "https://huggingface.co", "https://ada-codeflow.hf.space"
ASK = "() => fetch('/api/me').then((answer) => answer.status)"
SIGN_IN = """(body) => fetch("/auth/sign-in", {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
}).then((answer) => answer.status)"""

pytestmark = pytest.mark.browser


@dataclass
class Hub:
    browser: Browser
    credentials: dict[str, str]

    async def framed(self, page: Page) -> Frame:
        await page.goto(HUB)
        frame = page.frame("space")
        assert frame
        await frame.wait_for_url(f"{SPACE}/signin*")
        return frame


def certificate(folder: Path) -> tuple[Path, Path]:
    """(key, certificate) that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    files = folder / "key.pem", folder / "certificate.pem"
    files[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[1].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return files


def hub_page() -> FastAPI:
    hub = FastAPI()
    body = f"<!doctype html><title>hub</title><iframe name=space src='{SPACE}/'></iframe>"
    hub.get("/")(lambda: HTMLResponse(body))
    return hub


async def session_cookies(context: BrowserContext) -> list[dict[str, Any]]:
    cookies = [dict(cookie) for cookie in await context.cookies()]
    return [cookie for cookie in cookies if cookie["name"] == "__Host-codeflow"]


@pytest.fixture
async def hub(supabase_server: SupabaseServer, tmp_path: Path) -> AsyncIterator[Hub]:
    settings = settings_for(supabase_server, tmp_path)
    accounts = Accounts.open(settings)
    space = application(accounts, settings, RateLimits(GENEROUS))
    space.get("/signin")(lambda: HTMLResponse("<!doctype html><title>sign in</title>"))
    key, signed = certificate(tmp_path)
    rules, running = [], []
    for origin, app in ((HUB, hub_page()), (SPACE, space)):
        sock = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", ssl_keyfile=key, ssl_certfile=signed)
        server = uvicorn.Server(config)
        running.append((server, asyncio.create_task(server.serve(sockets=[sock]))))
        rules.append(f"MAP {origin.removeprefix('https://')}:443 127.0.0.1:{sock.getsockname()[1]}")
    flags = ["--no-sandbox", "--ignore-certificate-errors", f"--host-resolver-rules={', '.join(rules)}"]
    user = supabase_server.sign_up()
    async with async_playwright() as playwright:
        # Other websites' cookies are off in frames, as many browsers have it: only partitioned ones are left.
        browser = await playwright.chromium.launch(
            executable_path=browser_executable(), args=[*flags, "--test-third-party-cookie-phaseout"]
        )
        yield Hub(browser, {"email": user.email, "password": user.password})
        await browser.close()
    for server, task in running:
        server.should_exit = True
        await task
    await accounts.close()


async def test_signing_in_works_in_the_frame_and_stays_there(hub: Hub) -> None:
    context = await hub.browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    frame = await hub.framed(page)
    assert await frame.evaluate(ASK) == 401
    assert await frame.evaluate(SIGN_IN, hub.credentials) == 200
    assert await frame.evaluate(ASK) == 200
    await page.reload()
    again = page.frame("space")
    assert again
    await again.wait_for_url(f"{SPACE}/")
    assert await again.evaluate(ASK) == 200
    # The full window is another jar.
    alone = await context.new_page()
    await alone.goto(SPACE)
    assert alone.url == f"{SPACE}/signin"
    assert await alone.evaluate(ASK) == 401
    (kept,) = await session_cookies(context)
    assert kept["partitionKey"].startswith(HUB)
    assert kept["httpOnly"]
    assert kept["secure"]
    await context.close()


async def test_signing_in_in_the_full_window_is_plain_and_does_not_reach_the_frame(hub: Hub) -> None:
    context = await hub.browser.new_context(ignore_https_errors=True)
    alone = await context.new_page()
    await alone.goto(SPACE)
    assert await alone.evaluate(SIGN_IN, hub.credentials) == 200
    assert await alone.evaluate(ASK) == 200
    frame = await hub.framed(await context.new_page())
    assert await frame.evaluate(ASK) == 401
    (kept,) = await session_cookies(context)
    assert kept["sameSite"] == "Lax"
    await context.close()
