"""Who makes a request: middleware says it once, handlers ask for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.accounts.sessions import MAX_AGE_S, Resumed, Session
from backend.domain import NotSignedIn, Unavailable, User
from backend.web.auth_cookies import FRAME, SESSION, Cookies, enters_frame
from backend.web.errors import answer
from backend.web.security import SAFE_METHODS, BodyLimit

if TYPE_CHECKING:
    # Brings the `supabase` package with it, which an installation without accounts never loads.
    from backend.accounts.accounts import Accounts

LOCAL_USER = User(id="local")
"""The one user of an installation without sign-in."""
SIGN_IN = "/signin"
ASSETS = ("/ui-", "/favicon.ico", "/robots.txt", "/healthz", "/readyz", "/metrics")
"""The same for everybody: no session is looked at."""
OPEN = (SIGN_IN, "/auth/", "/s/", "/api/shared/", "/billing/")
"""Answer without a session too; a handler that needs one asks `Viewer`. Everything else is closed. Of these paths and
the assets', those that end in a slash or a dash stand for all that begin so."""
STRANGERS_BODY_BYTES = 1_000_000
NOT_SIGNED_IN = "You are not signed in, or your session has ended. Sign in and try again."


class LocalSession:
    """ASGI middleware of an installation without sign-in: everybody is the one user."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["user"] = LOCAL_USER
        await self._app(scope, receive, send)


class AccountSession:
    """ASGI middleware of an installation with accounts: closed to requests without a session, but for what is `OPEN`.

    Puts into the request's state, when there is a session: `user`, `session` (a `Session`), and `session_ends`: when an
    event stream should end, in seconds of the clock. Renews the cookie on the way out.
    """

    def __init__(self, app: ASGIApp, accounts: "Accounts") -> None:
        self._app = app
        self._strangers = BodyLimit(app, STRANGERS_BODY_BYTES)
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif is_under(scope["path"], ASSETS):
            await self._strangers(scope, receive, send)
        else:
            await self._visit(scope, receive, send)

    async def _visit(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookies = Cookies(HTTPConnection(scope))
        state = scope.setdefault("state", {})
        state["framed"] = cookies.framed
        kept = cookies.get(SESSION)
        headers: list[tuple[bytes, bytes]] = []
        if cookies.secure and enters_frame(cookies.request.headers) and cookies.get(FRAME) is None:
            headers.append(cookies.set(FRAME, "1", None, framed=True))
        app: ASGIApp = self._strangers
        try:
            resumed = await self._accounts.sessions.resume(kept) if kept else None
            if resumed:
                app = self._app
                headers += self._enter(state, cookies, resumed)
            else:
                headers += [cookies.forget(SESSION, framed=cookies.framed)] if kept else []
                app = self._strangers if is_under(scope["path"], OPEN) else _closed(scope)
        except Unavailable as error:
            if not is_under(scope["path"], OPEN):
                app = _out_of_order(scope, error)
        await app(scope, receive, _private(_adding(headers, send)) if "user" in state else _adding(headers, send))

    def _enter(self, state: dict, cookies: Cookies, resumed: Resumed) -> list[tuple[bytes, bytes]]:
        session = resumed.session
        state.update(user=session.user, session=session, session_ends=session.ends, framed=resumed.framed)
        if not resumed.renewed:
            return []
        return [session_cookie(self._accounts, cookies, session, framed=resumed.framed)]


def session_cookie(accounts: "Accounts", cookies: Cookies, session: Session, *, framed: bool) -> tuple[bytes, bytes]:
    """The header that signs the browser in."""
    return cookies.set(SESSION, accounts.sessions.cookie(session, framed), MAX_AGE_S, framed=framed)


def is_under(path: str, roots: Sequence[str]) -> bool:
    """A path that could be read in two ways is under none."""
    if ".." in path or "//" in path or "\\" in path or "\0" in path:
        return False
    return any(path == root or (root[-1] in "/-" and path.startswith(root)) for root in roots)


def user_of(request: Request) -> User:
    """Raises `NotSignedIn`. Every handler that reads or changes something of a user's asks this."""
    user = getattr(request.state, "user", None)
    if not isinstance(user, User):
        raise NotSignedIn(NOT_SIGNED_IN)
    return user


def session_of(request: Request) -> Session:
    """Raises `NotSignedIn`. For handlers that act on the sign-in itself."""
    session = getattr(request.state, "session", None)
    if not isinstance(session, Session):
        raise NotSignedIn(NOT_SIGNED_IN)
    return session


Viewer = Annotated[User, Depends(user_of)]
SignedIn = Annotated[Session, Depends(session_of)]


def _is_page(scope: Scope) -> bool:
    return scope["path"] == "/" and scope["method"] in SAFE_METHODS


def _closed(scope: Scope) -> Response:
    if not _is_page(scope):
        return answer(401, "not_signed_in", NOT_SIGNED_IN)
    query = scope["query_string"].decode("latin-1")
    wanted = f"?next={quote(f'/?{query}', safe='')}" if query else ""
    return RedirectResponse(SIGN_IN + wanted, 303, {"cache-control": "no-store"})


def _out_of_order(scope: Scope, error: Unavailable) -> Response:
    if not _is_page(scope):
        return answer(503, "unavailable", error.message)
    return RedirectResponse(f"{SIGN_IN}?problem=unavailable", 303, {"cache-control": "no-store"})


def _adding(headers: Sequence[tuple[bytes, bytes]], send: Send) -> Send:
    """Sends these cookies too, except where the answer itself sets one of the same name."""
    if not headers:
        return send

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", ()))
            names = {value.partition(b"=")[0] for name, value in own if name.lower() == b"set-cookie"}
            new = [header for header in headers if header[1].partition(b"=")[0] not in names]
            # What carries a cookie is for one browser.
            kept = [header for header in own if header[0].lower() != b"cache-control"]
            message = {**message, "headers": [*kept, *new, (b"cache-control", b"no-store")]}
        await send(message)

    return adding


def _private(send: Send) -> Send:
    """Answers that do not say who may keep them are kept by no cache that others use too: a cookie alone forbids none."""

    async def private(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                message = {**message, "headers": [*headers, (b"cache-control", b"private")]}
        await send(message)

    return private
