"""What every request must pass, and what every answer says to the browser."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.config import Settings
from backend.web.address import is_https

MAX_BODY_BYTES = 48_000_000
"""Six images of 5 MB in base64, with room to spare."""
SAFE_METHODS = ("GET", "HEAD")
LOOPBACK = ("localhost", "127.0.0.1", "::1")

HSTS = (b"strict-transport-security", b"max-age=31536000")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin-allow-popups"),
    # Of the page and of every preview inside it: generated apps ask for none of these in a frame.
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()"),
)
LOCAL_PREVIEWS = ("http://*.localhost:*",)
E2B_PREVIEWS = ("https://*.e2b.app", "https://*.e2b.dev")


def preview_sources(settings: Settings) -> list[str]:
    """Where previews are shown from, as sources of a Content-Security-Policy."""
    if settings.preview_origins:
        return settings.preview_origins.split()
    if settings.e2b_api_key and settings.e2b_domain:
        plain = (settings.e2b_api_url or "").startswith("http:")
        return [f"{'http' if plain else 'https'}://*.{settings.e2b_domain}"]
    if settings.e2b_api_key:
        return list(E2B_PREVIEWS)
    if settings.preview_domain:
        return [settings.preview_domain.replace("://", "://*.")]
    # Where workers run elsewhere, only they know which sandboxes they use.
    elsewhere = (
        settings.workers == 0 or settings.dispatch_url or (settings.multi_user and not settings.supabase_worker_token)
    )
    return [*LOCAL_PREVIEWS, *E2B_PREVIEWS] if elsewhere else list(LOCAL_PREVIEWS)


def content_security_policy(frames: Sequence[str]) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            # Gradio builds its page with inline scripts and templates compiled by eval.
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            f"frame-src {' '.join(frames)}",
            "frame-ancestors 'self' https://huggingface.co",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


class Security:
    """ASGI middleware: no foreign host names, no foreign origins, no endless bodies; headers on every answer."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Sequence[str] | None,
        frames: Sequence[str] = (*LOCAL_PREVIEWS, *E2B_PREVIEWS),
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """`hosts`: the only names this server goes by; None: any. `frames`: what may be shown in frames."""
        self._app = BodyLimit(app, max_body_bytes)
        self._hosts = hosts
        self._headers = ((b"content-security-policy", content_security_policy(frames).encode()), *HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        app: ASGIApp = self._app
        if self._hosts is not None and host_name(headers.get("host", "")) not in self._hosts:
            app = _refuse(403, "foreign_host", "This address is not CodeFlow's. Open http://localhost instead.")
        elif scope["method"] not in SAFE_METHODS and not same_origin(headers):
            app = _refuse(403, "foreign_origin", "Another website may not do this. Reload CodeFlow's own page.")
        await app(scope, receive, self._secured(send, https=is_https(HTTPConnection(scope))))

    def _secured(self, send: Send, *, https: bool) -> Send:
        ours = (*self._headers, HSTS) if https else self._headers

        async def secured_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with(ours, message.get("headers", ()))}
            await send(message)

        return secured_send


class BodyLimit:
    """ASGI middleware: no body larger than it says, and none larger than allowed."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > self._max_bytes:
            await self._too_large(scope, receive, send)
            return
        received = 0
        started = refused = False

        async def bounded_receive() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received <= self._max_bytes:
                return message
            if not started and not refused:
                refused = True
                await self._too_large(scope, receive, send)
            return {"type": "http.disconnect"}

        async def first_send(message: Message) -> None:
            nonlocal started
            if refused:
                return
            started = started or message["type"] == "http.response.start"
            await send(message)

        await self._app(scope, bounded_receive, first_send)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The request is larger than {self._max_bytes // 1_000_000} MB. Send less at once, or smaller images."
        await _refuse(413, "too_large", message)(scope, receive, send)


def allowed_hosts(bound_to: str) -> list[str] | None:
    """The names a server bound to this address goes by; None when others may name it as they like.

    A website can point a name of its own at 127.0.0.1 and so speak to a local server as if it were its own.
    """
    return [*LOOPBACK, bound_to] if bound_to in LOOPBACK or bound_to.startswith("127.") else None


def host_name(host: str) -> str:
    """Without its port and brackets; empty when it is no name."""
    if not all(c.isalnum() or c in ".-:[]" for c in host):
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def same_origin(headers: Headers) -> bool:
    """Whether the request comes from our own page, or from no page at all."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    # A foreign page cannot set X-Forwarded-Host: it would need our leave first.
    ours = (headers.get("host"), headers.get("x-forwarded-host"))
    try:
        return bool(netloc := urlsplit(origin).netloc) and netloc in ours
    except ValueError:
        return False


def _with(ours: Sequence[tuple[bytes, bytes]], headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Ours where the answer has none of its own, and nobody else let in: Gradio reflects any origin."""
    kept = [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]
    named = {name.lower() for name, _ in kept}
    return kept + [(name, value) for name, value in ours if name not in named]


def _refuse(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers={"connection": "close"})
