"""The backend of the pages outside Gradio, as a play: the routes' paths and JSON with accounts and shares in memory.

`python -m tests.ui.pages_simulator [port]` serves it for a look by hand: /signin, /auth/confirm, /s/board.
The password is `correct horse`, the code 123456, an e-mail's link `/auth/confirm?token_hash=fresh&type=email`.
"""

import asyncio
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import SecretStr
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.config import ROOT, Settings
from backend.domain import NotFound, SharedVersion, ShareState, User
from backend.web.errors import add_error_answers
from backend.web.limits import RateLimits
from backend.web.security import Security
from tests.ui.preview_app import PREVIEW_HTML
from ui.assets import mount_assets
from ui.pages import page_routes

PASSWORD = "correct horse"
CODE = "123456"
SCREENSHOT = ROOT / "docs" / "screenshot.jpg"


@dataclass
class SimShare:
    version: SharedVersion
    preview_url: str
    wakes: int = 0
    polls: int = 0
    polls_to_ready: int | None = 1
    """How often the page asks before the preview is up; None: it never is."""
    refuse_wakes_s: float = 0
    fails: bool = False

    def set(self, state: ShareState) -> SharedVersion:
        url = self.preview_url if state == ShareState.READY else None
        self.version = self.version.model_copy(update={"state": state, "preview_url": url})
        return self.version


@dataclass
class PagesSimulator:
    """Stands where the store stands for `page_routes`, and behind the JSON routes."""

    preview_url: str
    users: dict[str, str] = field(default_factory=lambda: {"ada@example.com": PASSWORD})
    """E-mail → password."""
    shares: dict[str, SimShare] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What the pages posted."""

    async def open_share(self, token: str) -> SharedVersion:
        if token not in self.shares:
            raise NotFound("There is no such link.")
        return self.shares[token].version

    def share(self, token: str, **values: Any) -> SimShare:
        shown = {
            "title": "Team board",
            "version_number": 2,
            "created_at": datetime(2026, 11, 22, 14, 3, tzinfo=UTC),
            "files": 15,
            "screenshot": True,
            "prompts": ["a kanban board for a small team", "make the accent colour emerald"],
            "state": ShareState.OFF,
            "preview_url": None,
        }
        share = SimShare(SharedVersion.model_validate({**shown, **values}), self.preview_url)
        self.shares[token] = share
        return share


def refuse(status: int, code: str, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, **more}}, status)


class SimSession:
    """The cookie `sim` names the user; `anonymous` is the one on trial."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (name := Request(scope).cookies.get("sim", "").strip('"')):
            trial = name == "anonymous"
            user = User(id=name, email=None if trial else name, anonymous=trial, token=SecretStr("t"))
            scope.setdefault("state", {})["user"] = user
        await self.app(scope, receive, send)


def signed_in(name: str, next: str | None) -> Response:
    response = JSONResponse({"ok": True, "next": next or "/"})
    response.set_cookie("sim", name, httponly=True)
    return response


MANY_USERS = {
    "SUPABASE_URL": "https://sim.example",
    "SUPABASE_PUBLISHABLE_KEY": "k",
    "CODEFLOW_SIGN_IN_WITH": "github,google",
}


def create_pages(sim: PagesSimulator, variables: dict[str, str] = MANY_USERS) -> FastAPI:
    services = SimpleNamespace(settings=Settings.model_validate(variables), store=sim, limits=RateLimits())
    app = FastAPI(middleware=[Middleware(Security, hosts=["127.0.0.1", "localhost"]), Middleware(SimSession)])
    add_error_answers(app)
    add_auth(app, sim)
    add_shares(app, sim)
    app.include_router(page_routes(cast(Any, services), mount_assets(app)))

    @app.get("/")
    async def home(request: Request) -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>CodeFlow</title><link rel='icon' href='data:,'><h1>The app</h1>")

    @app.get("/framed")
    async def framed() -> HTMLResponse:
        return HTMLResponse(
            "<!doctype html><title>Hub</title><link rel='icon' href='data:,'>"
            "<iframe src='/signin?next=/s/board' width=420 height=900></iframe>",
            headers={"Content-Security-Policy": "frame-src 'self'"},
        )

    return app


def add_auth(app: FastAPI, sim: PagesSimulator) -> None:
    async def read(request: Request) -> dict[str, Any]:
        body = await request.json()
        sim.calls.append((request.url.path, body))
        return body

    @app.post("/auth/sign-in")
    async def sign_in(request: Request) -> Response:
        body = await read(request)
        if body["email"].startswith("fast@"):
            soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
            return refuse(429, "limit_reached", "Too many tries from here.", kind="rate", resets_at=soon)
        if sim.users.get(body["email"]) != body["password"]:
            return refuse(422, "invalid_input", "The e-mail address or the password is wrong.")
        return signed_in(body["email"], body.get("next"))

    @app.post("/auth/sign-up")
    async def sign_up(request: Request) -> Response:
        body = await read(request)
        if body["email"] in sim.users:
            return refuse(
                422, "invalid_input", "There is an account with this address already. Sign in.", field="email"
            )
        sim.users[body["email"]] = body["password"]
        if body["email"].startswith("confirm"):
            return JSONResponse({"ok": True, "confirm": True})
        return signed_in(body["email"], body.get("next"))

    @app.post("/auth/email")
    @app.post("/auth/recover")
    async def mail(request: Request) -> dict[str, bool]:
        await read(request)
        return {"ok": True}

    @app.post("/auth/code")
    async def code(request: Request) -> Response:
        body = await read(request)
        if body["code"] != CODE:
            return refuse(
                422, "invalid_input", "This code is wrong or over. Look at the newest mail, or send it again."
            )
        return signed_in(body["email"], body.get("next"))

    @app.post("/auth/anonymous")
    async def anonymous(request: Request) -> Response:
        return signed_in("anonymous", (await read(request)).get("next"))

    @app.post("/auth/password")
    async def password(request: Request) -> Response:
        if "sim" not in request.cookies:
            return refuse(401, "not_signed_in", "Your session has ended.")
        await read(request)
        return JSONResponse({"ok": True, "next": "/"})

    @app.post("/auth/upgrade")
    async def upgrade(request: Request) -> Response:
        body = await read(request)
        return signed_in(body["email"], "/")

    @app.post("/auth/sign-out")
    async def sign_out(request: Request) -> Response:
        response = JSONResponse({"ok": True, "next": "/signin"})
        response.delete_cookie("sim")
        return response

    @app.post("/auth/confirm")
    async def confirm(request: Request) -> Response:
        body = await read(request)
        if body["token_hash"] != "fresh":
            return refuse(422, "invalid_input", "The link was used before, or is older than an hour.")
        recovery = body["type"] == "recovery"
        return signed_in("ada@example.com", "/signin?view=password" if recovery else body.get("next"))

    @app.get("/auth/oauth/{provider}")
    async def oauth(provider: str, next: str = "/") -> dict[str, str]:
        return {"provider": provider, "next": next}


def add_shares(app: FastAPI, sim: PagesSimulator) -> None:
    def find(token: str) -> SimShare:
        if token not in sim.shares:
            raise NotFound("This link leads nowhere: its owner may have taken it back.")
        return sim.shares[token]

    @app.get("/s/{token}/picture.jpg")
    async def screenshot(token: str) -> Response:
        find(token)
        return Response(SCREENSHOT.read_bytes(), media_type="image/jpeg")

    @app.get("/api/shared/{token}")
    async def shared(token: str) -> SharedVersion:
        share = find(token)
        if share.version.state == ShareState.WAKING and share.polls_to_ready is not None:
            share.polls += 1
            if share.polls >= share.polls_to_ready:
                return share.set(ShareState.FAILED if share.fails else ShareState.READY)
        return share.version

    @app.post("/api/shared/{token}/wake")
    async def wake(token: str) -> Response:
        share = find(token)
        if share.refuse_wakes_s:
            resets = (datetime.now(UTC) + timedelta(seconds=share.refuse_wakes_s)).isoformat()
            share.refuse_wakes_s = 0
            return refuse(429, "limit_reached", "This app was woken too often of late.", kind="rate", resets_at=resets)
        share.wakes += 1
        share.polls = 0
        return JSONResponse(share.set(ShareState.WAKING).model_dump(mode="json"))

    @app.post("/api/shared/{token}/remix", status_code=201)
    async def remix(token: str, request: Request) -> Response:
        find(token)
        if "sim" not in request.cookies:
            return refuse(401, "not_signed_in", "Sign in to remix.")
        sim.calls.append((request.url.path, {}))
        return JSONResponse({"project_id": "p-remixed"}, 201)


def preview_server(page_port: int) -> FastAPI:
    """The sandbox's dev server: another origin, with the bridge's messages."""
    app = FastAPI()
    ancestors = f"frame-ancestors http://127.0.0.1:{page_port} http://localhost:{page_port}"

    @app.get("/{path:path}")
    async def page(path: str) -> HTMLResponse:
        return HTMLResponse(PREVIEW_HTML, headers={"Content-Security-Policy": ancestors})

    return app


async def serve(page_port: int, preview_port: int, sim: PagesSimulator) -> None:
    servers = [
        uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
        )
        for app, port in ((create_pages(sim), page_port), (preview_server(page_port), preview_port))
    ]
    await asyncio.gather(*(s.serve() for s in servers))


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 7863
    simulator = PagesSimulator(f"http://3000-shared.localhost:{port + 1}/")
    simulator.share("board")
    asyncio.run(serve(port, port + 1, simulator))
