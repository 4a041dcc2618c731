"""Of Gradio's own routes, those the page uses. Among the others is one that fetches any address and answers with what it finds
there, of whatever type, as if it were ours.
"""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = "/gradio_api/"
USED = (
    *("queue/join", "queue/data", "run/predict", "upload", "upload_progress"),
    *("info", "app_id", "startup-events", "reset", "cancel"),
)
USED_BELOW = ("file=/", "heartbeat/")
ALSO_UNUSED = ("/login", "/logout", "/monitoring")


class GradioRoutes:
    """ASGI middleware: the rest is not there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = (
            JSONResponse({"detail": "Not Found"}, 404)
            if scope["type"] == "http" and _unused(scope["path"])
            else self.app
        )
        await app(scope, receive, send)


def _unused(path: str) -> bool:
    if not path.startswith(ROOT):
        return any(path == root or path.startswith(f"{root}/") for root in ALSO_UNUSED)
    name = path.removeprefix(ROOT)
    return name.rstrip("/") not in USED and not name.startswith(USED_BELOW)
