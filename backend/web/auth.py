"""Signing in and out. Every answer that signs in carries the session's cookie; none of them carries a token otherwise."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import StringConstraints
from starlette.responses import JSONResponse, RedirectResponse, Response

from backend.accounts.accounts import OAUTH_S, Accounts, Confirm
from backend.accounts.gotrue import LinkType, Provider
from backend.accounts.sessions import Session
from backend.config import Settings
from backend.domain import CodeFlowError
from backend.web.address import Address
from backend.web.auth_cookies import FLOW, SESSION, Cookies
from backend.web.auth_paths import HOME, local_path
from backend.web.auth_problems import problem_of, problem_told
from backend.web.bodies import Body
from backend.web.limits import RateLimits, caller
from backend.web.session import SIGN_IN, SignedIn, session_cookie

NEW_PASSWORD = f"{SIGN_IN}?view=password"

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$"
    ),
]
Password = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6,10}$")]
TokenHash = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$")]
Next = Annotated[str, StringConstraints(max_length=2000)] | None


class Credentials(Body):
    email: Email
    password: Password
    next: Next = None


class Mailed(Body):
    email: Email
    next: Next = None


class WithCode(Body):
    email: Email
    code: Code
    next: Next = None


class Link(Body):
    token_hash: TokenHash
    type: LinkType
    next: Next = None


class Onward(Body):
    next: Next = None


class NewPassword(Body):
    password: Password


class Leaving(Body):
    everywhere: bool = False


def auth_routes(accounts: Accounts, settings: Settings, limits: RateLimits) -> APIRouter:
    address = Address(settings)

    async def count(request: Request) -> None:
        limits.hit("sign_in", caller(request))

    routes = APIRouter(prefix="/auth")
    counted = [Depends(count)]

    def back(request: Request, path: str | None) -> str:
        """The address a mail's link leads to in the end."""
        origin = address.of(request)
        return origin + local_path(path, origin)

    def welcome(request: Request, session: Session, path: str | None) -> Response:
        response = JSONResponse({"ok": True, "next": local_path(path, address.of(request))})
        return _signed_in(accounts, request, response, session)

    @routes.post("/sign-up", dependencies=counted)
    async def sign_up(request: Request, body: Credentials) -> Response:
        limits.hit("mail", body.email)
        begun = await accounts.sign_up(body.email, body.password, back(request, body.next))
        return _to_confirm() if isinstance(begun, Confirm) else welcome(request, begun, body.next)

    @routes.post("/sign-in", dependencies=counted)
    async def sign_in(request: Request, body: Credentials) -> Response:
        limits.hit("password", body.email)
        return welcome(request, await accounts.sign_in(body.email, body.password), body.next)

    @routes.post("/email", dependencies=counted)
    async def email(request: Request, body: Mailed) -> Response:
        limits.hit("mail", body.email)
        await accounts.send_link(body.email, back(request, body.next))
        return JSONResponse({"ok": True})

    @routes.post("/code", dependencies=counted)
    async def code(request: Request, body: WithCode) -> Response:
        limits.hit("code", body.email)
        return welcome(request, await accounts.verify_code(body.email, body.code), body.next)

    @routes.post("/recover", dependencies=counted)
    async def recover(request: Request, body: Mailed) -> Response:
        limits.hit("mail", body.email)
        await accounts.send_recovery(body.email, back(request, body.next))
        return JSONResponse({"ok": True})

    @routes.post("/confirm", dependencies=counted)
    async def confirm(request: Request, body: Link) -> Response:
        begun = await accounts.verify_link(body.token_hash, body.type)
        if isinstance(begun, Confirm):
            return _to_confirm()
        if body.type == "recovery":
            return _signed_in(accounts, request, JSONResponse({"ok": True, "next": NEW_PASSWORD}), begun)
        return welcome(request, begun, body.next)

    @routes.post("/anonymous", dependencies=counted)
    async def anonymous(request: Request, body: Onward) -> Response:
        limits.hit("anonymous", caller(request))
        return welcome(request, await accounts.anonymous(), body.next)

    @routes.post("/password", dependencies=counted)
    async def password(request: Request, body: NewPassword, session: SignedIn) -> Response:
        limits.hit("password", session.user.id)
        return welcome(request, await accounts.set_password(session, body.password), HOME)

    @routes.post("/upgrade", dependencies=counted)
    async def upgrade(request: Request, body: Credentials, session: SignedIn) -> Response:
        limits.hit("mail", body.email)
        session, done = await accounts.upgrade(session, body.email, body.password, back(request, body.next))
        return welcome(request, session, body.next) if done else _signed_in(accounts, request, _to_confirm(), session)

    @routes.post("/sign-out", dependencies=counted)
    async def sign_out(request: Request, body: Leaving) -> Response:
        session = getattr(request.state, "session", None)
        if isinstance(session, Session):
            await accounts.sign_out(session, everywhere=body.everywhere)
        response = JSONResponse({"ok": True, "next": SIGN_IN})
        response.raw_headers.append(Cookies(request).forget(SESSION, framed=request.state.framed))
        return response

    @routes.get("/oauth/{provider}")
    async def oauth(request: Request, provider: Provider, next: Next = None) -> Response:
        origin = address.of(request)
        try:
            await count(request)
            leave, kept = await accounts.begin_at(provider, f"{origin}/auth/callback", local_path(next, origin))
        except CodeFlowError as error:
            return _problem(problem_of(error, "off"))
        response = _redirect(leave)
        response.raw_headers.append(Cookies(request).set(FLOW, kept, OAUTH_S, framed=False))
        return response

    @routes.get("/callback")
    async def callback(request: Request, code: str = "", state: str = "") -> Response:
        cookies = Cookies(request)
        kept = cookies.get(FLOW)
        if not code or not kept:
            return _problem(problem_told(request.query_params))
        try:
            await count(request)
            session, path = await accounts.finish_at(kept, state, code)
        except CodeFlowError as error:
            return _problem(problem_of(error, "expired"))
        response = _signed_in(accounts, request, _redirect(path), session)
        response.raw_headers.append(cookies.forget(FLOW, framed=False))
        return response

    return routes


def _signed_in(accounts: Accounts, request: Request, response: Response, session: Session) -> Response:
    response.raw_headers.append(session_cookie(accounts, Cookies(request), session, framed=request.state.framed))
    return response


def _to_confirm() -> Response:
    return JSONResponse({"ok": True, "confirm": True})


def _redirect(address: str) -> Response:
    return RedirectResponse(address, 303, {"cache-control": "no-store"})


def _problem(code: str) -> Response:
    return _redirect(f"{SIGN_IN}?problem={code}")
