"""Of Gradio's own routes, those the page uses. Among the others is one that fetches any address and answers with what it finds
there, of whatever type, as if it were ours.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.domain import LimitReached
from backend.web.errors import answer
from backend.web.rates import count_for
from backend.web.services import Services
from backend.web.upgrade import limit_details

ROOT = "/gradio_api/"
USED = (
    *("queue/join", "queue/data", "run/predict", "upload", "upload_progress"),
    *("info", "app_id", "startup-events", "reset", "cancel"),
)
USED_BELOW = ("file=/", "heartbeat/")
ALSO_UNUSED = ("/login", "/logout", "/monitoring")


class GradioRoutes:
    """ASGI middleware inside the session's: the rest is not there, and nobody uploads without end."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = (scope["type"] == "http" and self._refusal(scope)) or self.app
        await app(scope, receive, send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        if _unused(scope["path"]):
            return answer(404, "not_found", "There is nothing here.")
        user = scope.get("state", {}).get("user")
        if scope["path"].rstrip("/") == f"{ROOT}upload" and user:
            try:
                count_for(self._services, "upload", user)
            except LimitReached as error:
                return answer(429, "limit_reached", error.message, **limit_details(error, user, None))
        return None


def _unused(path: str) -> bool:
    if not path.startswith(ROOT):
        return any(path == root or path.startswith(f"{root}/") for root in ALSO_UNUSED)
    name = path.removeprefix(ROOT)
    return name.rstrip("/") not in USED and not name.startswith(USED_BELOW)
