"""`/signin` and `/auth/confirm`: which view of the page a visitor gets, and what they are told on arrival."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from backend.config import Settings
from backend.domain import User
from backend.web.address import Address
from backend.web.auth_paths import HOME, local_path
from backend.web.auth_problems import PROBLEMS
from ui.pages.document import NOBODY, OUR_FRAMES, READ, Documents

MARKS = {"github": "GitHub", "google": "Google"}
"""Providers the page has a mark for, in the order it shows them."""

OPEN_VIEWS = ("signin", "create", "email", "code", "forgot", "sent")
"""Those anybody may open. `code` and `sent` show themselves only where this browser has asked for a mail."""

RECOVERY_OVER = "Your link to choose a new password has been used or is over. Ask for a new one."

PURPOSES = {
    "email": "sign-in",
    "magiclink": "sign-in",
    "signup": "sign-up",
    "invite": "invite",
    "recovery": "recovery",
    "email_change": "change",
}
"""What a link in an e-mail is for, by its `type`."""


@dataclass(frozen=True)
class Arrival:
    view: str
    problem: str = ""


def sign_in_routes(documents: Documents, settings: Settings) -> APIRouter:
    router = APIRouter()
    address = Address(settings)
    doors = [(provider, name) for provider, name in MARKS.items() if provider in settings.sign_in_providers]

    @router.api_route("/signin", methods=READ)
    async def sign_in(request: Request, view: str = "", next: str = HOME, problem: str = "") -> HTMLResponse:
        user = getattr(request.state, "user", None)
        onward = local_path(next, address.of(request))
        values = {
            "arrival": arrive(user, view, problem),
            "email_address": (user and user.email) or "",
            "on_trial": bool(user and user.anonymous),
            "next": onward,
            "providers": doors,
            "to": partial(view_url, next=onward),
        }
        return documents.page("signin.html", values, ancestors=OUR_FRAMES)

    @router.api_route("/auth/confirm", methods=READ)
    async def confirm(request: Request, token_hash: str = "", type: str = "", next: str = HOME) -> HTMLResponse:
        """Does nothing but ask: scanners of mail open every link."""
        onward = local_path(next, address.of(request))
        complete = bool(token_hash) and type in PURPOSES
        values = {
            "purpose": PURPOSES.get(type, "sign-in"),
            "complete": complete,
            "data": {"token_hash": token_hash, "type": type, "next": onward},
            "to": partial(view_url, next=onward),
        }
        return documents.page("confirm.html", values, ancestors=NOBODY, status=200 if complete else 400)

    return router


def arrive(user: User | None, wanted: str, problem: str) -> Arrival:
    """The view for who asks. `wanted` and `problem`, a code, come from the address and may be anything."""
    said = PROBLEMS.get(problem, PROBLEMS["failed"]) if problem else ""
    if wanted == "password":
        return Arrival("password", said) if user else Arrival("forgot", said or RECOVERY_OVER)
    if wanted == "upgrade" and not user:
        return Arrival("create", said)
    if user and not user.anonymous:
        return Arrival("signed-in", said)
    if wanted in OPEN_VIEWS:
        return Arrival(wanted, said)
    return Arrival("upgrade" if user else "signin", said)


def view_url(view: str, next: str) -> str:
    wanted = {**({} if view == "signin" else {"view": view}), **({} if next == HOME else {"next": next})}
    return "/signin" + (f"?{urlencode(wanted)}" if wanted else "")
