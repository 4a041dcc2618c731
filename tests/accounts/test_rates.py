"""Guessing, and mailing others, comes to an end soon."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.accounts.accounts import Accounts
from backend.web.limits import RATES, Limit, Rate, RateLimits
from tests.accounts.conftest import GENEROUS, Site, serving, settings_for
from tests.accounts.people import new_address
from tests.supabase.project import SupabaseServer


@contextlib.asynccontextmanager
async def served(server: SupabaseServer, folder: Path, name: Limit, rate: Rate) -> AsyncIterator[Site]:
    settings = settings_for(server, folder)
    accounts = Accounts.open(settings)
    async with serving(accounts, settings, RateLimits({**GENEROUS, name: rate})) as site:
        yield site
    await accounts.close()


CASES: list[tuple[Limit, str, dict[str, str]]] = [
    ("password", "/auth/sign-in", {"password": "wrong one"}),
    ("code", "/auth/code", {"code": "123456"}),
    ("mail", "/auth/email", {}),
    ("mail", "/auth/recover", {}),
    ("mail", "/auth/sign-up", {"password": "correct horse 1"}),
]


@pytest.mark.parametrize(("name", "route", "more"), CASES, ids=[route for _, route, _ in CASES])
async def test_one_address_is_tried_a_few_times_only(
    supabase_server: SupabaseServer, tmp_path: Path, name: Limit, route: str, more: dict[str, str]
) -> None:
    victim = {"email": new_address(), **more}
    async with served(supabase_server, tmp_path, name, Rate(1, 600)) as site, site.browser() as browser:
        assert (await browser.post(route, json=victim)).status_code in (200, 422)
        answer = await browser.post(route, json={**victim, "email": victim["email"].upper()})
        assert answer.status_code == 429
        error = answer.json()["error"]
        assert (error["code"], error["kind"]) == ("limit_reached", "rate")
        assert error["resets_at"]
        other = await browser.post(route, json={**victim, "email": new_address()})
        assert other.status_code in (200, 422)


async def test_one_caller_tries_so_often_only(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    async with served(supabase_server, tmp_path, "sign_in", Rate(3, 600)) as site, site.browser() as browser:
        for route in ("/auth/sign-in", "/auth/code", "/auth/confirm"):
            assert (await browser.post(route, json={})).status_code == 422
        assert (await browser.post("/auth/anonymous", json={})).status_code == 429
        away = await browser.get("/auth/oauth/github")
        assert away.headers["location"] == "/signin?problem=often"


async def test_trials_are_rationed(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    async with served(supabase_server, tmp_path, "anonymous", Rate(1, 600)) as site, site.browser() as browser:
        assert (await browser.post("/auth/anonymous", json={})).status_code == 200
        assert (await browser.post("/auth/anonymous", json={})).status_code == 429


def test_a_code_is_not_found_by_trying() -> None:
    """A code lives an hour at most, and has six digits."""
    rate = RATES["code"]
    assert rate.times * 3600 / rate.window_s <= 60
