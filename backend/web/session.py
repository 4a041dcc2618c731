"""Who makes a request: middleware says it once, handlers ask for it."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.domain import NotSignedIn, User

LOCAL_USER = User(id="local")
"""The one user of an installation without sign-in."""


class LocalSession:
    """ASGI middleware of an installation without sign-in: everybody is the one user."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["user"] = LOCAL_USER
        await self._app(scope, receive, send)


def user_of(request: Request) -> User:
    """Raises `NotSignedIn`. Every handler that reads or changes something of a user's asks this."""
    user = getattr(request.state, "user", None)
    if not isinstance(user, User):
        raise NotSignedIn("You are not signed in, or your session has ended. Sign in and try again.")
    return user


Viewer = Annotated[User, Depends(user_of)]
