"""Routes that tell the page how this installation is set up, and who asks."""

import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request

from backend.web.answers import EVENTS, EventStream, OwnType
from backend.web.errors import ANSWERS
from backend.web.services import Services
from backend.web.session import LOCAL_USER, Viewer
from backend.web.streams import Streams, seconds_left, session_ends
from backend.web.upgrade import upgrade_url

HEARTBEAT_S = 15.0


def status_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/api")
    streams = Streams()

    @routes.get("/setup")
    async def setup(_user: Viewer) -> dict[str, Any]:
        return dataclasses.asdict(services.setup.state)

    @routes.get("/setup/events", response_class=OwnType, responses=EVENTS)
    async def setup_events(request: Request, user: Viewer) -> EventStream:
        """The state, each time it changes, until it is ready or has failed."""
        streams.require_room(user)
        ends = session_ends(request)

        async def messages() -> AsyncIterator[str]:
            told = None
            with streams.counted(user):
                while (left := seconds_left(ends)) != 0:
                    state = services.setup.state
                    news = state != told
                    yield f"data: {json.dumps(dataclasses.asdict(state))}\n\n" if news else ": still here\n\n"
                    told = state
                    if state.ready or state.error:
                        return
                    await services.setup.wait(HEARTBEAT_S if left is None else min(HEARTBEAT_S, left))

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return EventStream(messages(), headers=headers)

    @routes.get("/me")
    async def me(user: Viewer) -> dict[str, Any]:
        """Who asks and what they have left, and who writes the code where. `usage` is null without sign-in."""
        info = (await services.models()).info
        settings = services.settings
        usage = None if user == LOCAL_USER else await services.store.usage(user)
        return {
            "user": user.id,
            "email": user.email,
            "anonymous": user.anonymous,
            "sign_in": settings.multi_user,
            "providers": services.accounts.providers if services.accounts else [],
            "usage": usage.model_dump(mode="json") if usage else None,
            "upgrade_url": upgrade_url(settings.upgrade_url, user),
            "provider": info.name,
            "model": info.model,
            "demo": info.demo,
            "reason": info.reason,
            "problem": info.problem,
            "isolation": services.isolation,
        }

    return routes
