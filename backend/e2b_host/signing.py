"""Who may call a sandbox's envd: by its access token, or by a URL signed with it."""

import base64
import hashlib
import time

from starlette.requests import Request

from .names import same_secret
from .sandbox import Sandbox

UNAUTHORIZED = "unauthorized access, please provide a valid access token or method signing if supported"


def authorized(sandbox: Sandbox, request: Request) -> bool:
    if not sandbox.request.secure:
        return True
    return same_secret(request.headers.get("x-access-token", ""), sandbox.token)


def file_problem(sandbox: Sandbox, request: Request) -> str | None:
    """Why a request to `/files` may not be answered; None when it may."""
    query = request.query_params
    if not sandbox.request.secure:
        return None
    if token := request.headers.get("x-access-token"):
        return None if same_secret(token, sandbox.token) else "access token present in header but does not match"
    if not query.get("signature"):
        return "missing signature query parameter"
    if not signed_by(sandbox, request):
        return "invalid signature"
    expires = query.get("signature_expiration")
    if expires is not None and not (expires.isascii() and expires.isdigit() and int(expires) >= time.time()):
        return "signature is already expired"
    return None


def signed_by(sandbox: Sandbox, request: Request) -> bool:
    """Whether the request's signature was made with this sandbox's access token."""
    return same_secret(request.query_params.get("signature", ""), _signature(sandbox, request))


def _signature(sandbox: Sandbox, request: Request) -> str:
    query = request.query_params
    operation = "write" if request.method == "POST" else "read"
    parts = [query.get("path", ""), operation, query.get("username", ""), sandbox.token]
    if (expires := query.get("signature_expiration")) is not None:
        parts.append(expires)
    digest = hashlib.sha256(":".join(parts).encode(errors="surrogateescape")).digest()
    return "v1_" + base64.b64encode(digest).rstrip(b"=").decode()
