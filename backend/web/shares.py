"""Routes of shares: their owner makes and revokes them, anybody with the link opens, wakes and remixes them."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from backend.domain import SharedVersion
from backend.web.address import Address
from backend.web.answers import JPEG, OwnType
from backend.web.bodies import Body, Id
from backend.web.errors import ANSWERS
from backend.web.rates import rate
from backend.web.services import Services
from backend.web.session import Viewer

PICTURE_HEADERS = {"Cache-Control": "private, max-age=60", "Content-Security-Policy": "sandbox"}
"""Short, and in no shared cache: a revoked link's picture goes with it."""


class NewShare(Body):
    version_id: Id | None = None
    """Missing: the project's current version."""
    history: Annotated[bool, Field(description="Whether visitors may read the prompts.")] = False


def share_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS)
    runs, store = services.runs, services.store
    address = Address(services.settings)

    @routes.get("/api/projects/{project_id}/shares")
    async def shares(user: Viewer, project_id: str) -> list[dict[str, Any]]:
        return [share.model_dump(mode="json") for share in await store.shares(user, project_id)]

    @routes.post("/api/projects/{project_id}/shares", status_code=201, dependencies=[rate(services, "share")])
    async def share(request: Request, user: Viewer, project_id: str, body: NewShare) -> dict[str, Any]:
        made, token = await runs.share(user, project_id, body.version_id, body.history)
        return {"share": made.model_dump(mode="json"), "url": f"{address.of(request)}/s/{token}"}

    @routes.delete("/api/shares/{share_id}", status_code=204)
    async def revoke(user: Viewer, share_id: str) -> Response:
        await runs.revoke(user, share_id)
        return Response(status_code=204)

    @routes.get("/api/shared/{token}", dependencies=[rate(services, "look")])
    async def shared(token: str) -> dict[str, Any]:
        return told(await store.open_share(token))

    @routes.post("/api/shared/{token}/wake", dependencies=[rate(services, "wake")])
    async def wake(token: str) -> dict[str, Any]:
        return told(await runs.wake_share(token))

    @routes.post("/api/shared/{token}/remix", status_code=201, dependencies=[rate(services, "share")])
    async def remix(user: Viewer, token: str) -> dict[str, str]:
        return {"project_id": (await runs.remix(user, token)).id}

    @routes.get("/s/{token}/picture.jpg", dependencies=[rate(services, "look")], response_class=OwnType, responses=JPEG)
    async def picture(token: str) -> Response:
        return Response(await store.share_picture(token), media_type="image/jpeg", headers=PICTURE_HEADERS)

    return routes


def told(shared: SharedVersion) -> dict[str, Any]:
    return shared.model_dump(mode="json")
