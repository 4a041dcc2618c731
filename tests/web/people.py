"""Several people on one installation: who asks is what the request's header says, as a session would."""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.domain import User

NAME = b"x-test-user"


class NamedSession:
    """In the place of the session middleware. Without the header it is a stranger."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = dict(scope["headers"]).get(NAME)
            if name is not None:
                scope.setdefault("state", {})["user"] = User(id=name.decode(), email=f"{name.decode()}@example.com")
        await self._app(scope, receive, send)


def as_user(name: str) -> dict[str, str]:
    """The headers of a request that person makes."""
    return {NAME.decode(): name}
