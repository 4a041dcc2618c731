"""The sign-in over real HTTP: our routes and middleware on a port, and a Supabase project behind them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.middleware import Middleware

from backend.accounts.accounts import Accounts
from backend.config import Settings
from backend.web.auth import auth_routes
from backend.web.errors import add_error_answers
from backend.web.limits import RATES, Limit, Rate, RateLimits
from backend.web.security import Security
from backend.web.session import AccountSession, Viewer
from tests.supabase.project import SupabaseServer

SECRET = "a session secret that only tests know"
GENEROUS: dict[Limit, Rate] = {name: Rate(10_000, 1) for name in RATES}


@dataclass
class Site:
    url: str
    accounts: Accounts

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A browser of its own, with its own cookies, on our page."""
        return httpx.AsyncClient(base_url=self.url, timeout=20, headers={"origin": self.url, **headers})


def settings_for(server: SupabaseServer, folder: Path, **more: Any) -> Settings:
    values = {
        "CODEFLOW_DATA_DIR": folder,
        "SUPABASE_URL": server.url,
        "SUPABASE_PUBLISHABLE_KEY": server.publishable_key,
        "CODEFLOW_SESSION_SECRET": SECRET,
        "CODEFLOW_SIGN_IN_WITH": "github,google",
    }
    return Settings(_env_file=None, **values, **more)  # pyright: ignore[reportCallIssue]


def application(accounts: Accounts, settings: Settings, limits: RateLimits) -> FastAPI:
    middleware = [Middleware(Security, hosts=None), Middleware(AccountSession, accounts=accounts)]
    api = FastAPI(middleware=middleware)
    add_error_answers(api)
    api.include_router(auth_routes(accounts, settings, limits))

    @api.get("/")
    @api.get("/api/me")
    async def me(user: Viewer, request: Request, response: Response) -> dict[str, Any]:
        response.headers["cache-control"] = "max-age=60"
        return {
            "user": user.id,
            "email": user.email,
            "anonymous": user.anonymous,
            "ends": request.state.session_ends,
            "token": user.token.get_secret_value() if user.token else None,
        }

    @api.post("/api/shared/{token}")
    @api.post("/api/projects")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return api


@contextlib.asynccontextmanager
async def serving(accounts: Accounts, settings: Settings, limits: RateLimits) -> AsyncIterator[Site]:
    sock = socket.create_server(("127.0.0.1", 0))
    app = application(accounts, settings, limits)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield Site(f"http://127.0.0.1:{sock.getsockname()[1]}", accounts)
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def site(supabase_server: SupabaseServer, tmp_path: Path) -> AsyncIterator[Site]:
    settings = settings_for(supabase_server, tmp_path)
    accounts = Accounts.open(settings)
    async with serving(accounts, settings, RateLimits(GENEROUS)) as site:
        yield site
    await accounts.close()
