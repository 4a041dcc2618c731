"""Routes of the signed-in user's own account: what is left of the tier, a copy of everything, and its end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from backend.domain import InvalidInput, User
from backend.web.account_export import export_account
from backend.web.answers import ZIP, OwnType, ZipDownload
from backend.web.auth_cookies import SESSION, Cookies
from backend.web.bodies import Body
from backend.web.errors import ANSWERS
from backend.web.rates import rate
from backend.web.services import Services
from backend.web.session import Viewer

DELETE_WORD = "delete"


class Farewell(Body):
    confirm: str
    """The account's e-mail address, or the word `delete`, as typed by the person."""


def account_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/api")
    runs, store = services.runs, services.store

    @routes.get("/usage")
    async def usage(user: Viewer) -> dict[str, Any]:
        return (await store.usage(user)).model_dump(mode="json")

    @routes.get("/account/export.zip", dependencies=[rate(services, "download")], response_class=OwnType, responses=ZIP)
    async def export(user: Viewer) -> ZipDownload:
        pieces = export_account(store, user)
        first = await anext(pieces)
        name = f"codeflow-{datetime.now(UTC):%Y-%m-%d}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return ZipDownload(_with(first, pieces), headers=headers)

    @routes.delete("/account", status_code=204)
    async def delete(request: Request, user: Viewer, body: Farewell) -> Response:
        require_confirmation(user, body.confirm)
        await runs.delete_account(user)
        response = Response(status_code=204)
        if hasattr(request.state, "session"):
            if services.accounts:
                services.accounts.sessions.end(request.state.session)
                services.accounts.sessions.doubt(user)
            response.raw_headers.append(Cookies(request).forget(SESSION, framed=request.state.framed))
        return response

    return routes


def require_confirmation(user: User, typed: str) -> None:
    """Raises `InvalidInput` unless the person typed what only somebody who means it types."""
    if typed.strip().lower() not in {DELETE_WORD, (user.email or DELETE_WORD).lower()}:
        expected = f"“{user.email}” or “{DELETE_WORD}”" if user.email else f"“{DELETE_WORD}”"
        raise InvalidInput(f"Nothing was deleted. To delete the account and everything in it, type {expected}.")


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
