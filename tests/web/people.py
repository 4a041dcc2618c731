"""Several people on one installation: who asks is what the request's header says, as a session would."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.domain import User

NAME, ENDS = b"x-test-user", b"x-test-session-ends"


class NamedSession:
    """In the place of the session middleware. Without the header it is a stranger."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            state = scope.setdefault("state", {})
            state["framed"] = False
            if name := headers.get(NAME, b"").decode():
                state["user"] = User(id=name, email=f"{name}@example.com")
                state["session_ends"] = float(headers[ENDS]) if ENDS in headers else None
        await self._app(scope, receive, send)


def as_user(name: str) -> dict[str, str]:
    """The headers of a request that person makes."""
    return {NAME.decode(): name}


def ends_in(person: dict[str, str], seconds: float) -> dict[str, str]:
    """The same, in a session that ends then."""
    return {**person, ENDS.decode(): str(time.time() + seconds)}
