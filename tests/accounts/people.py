"""What the tests of the sign-in do as a person would."""

import re
import uuid
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.supabase.project import Mail, User


def new_address() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


async def sign_in(browser: httpx.AsyncClient, user: User) -> None:
    answer = await browser.post("/auth/sign-in", json={"email": user.email, "password": user.password})
    assert answer.status_code == 200, answer.text


async def me(browser: httpx.AsyncClient) -> dict:
    answer = await browser.get("/api/me")
    assert answer.status_code == 200, answer.text
    return answer.json()


def link_of(mail: Mail) -> tuple[str, dict[str, str]]:
    """(address, parameters) of the button in a mail of ours."""
    found = re.search(r'href="([^"]+)"', mail.html)
    assert found, mail.html
    address = urlsplit(unescape(found.group(1)))
    parameters = {name: values[0] for name, values in parse_qs(address.query).items()}
    return f"{address.scheme}://{address.netloc}{address.path}", parameters
