"""Routes that tell how this installation is doing."""

import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from backend.web.services import Services
from backend.web.session import Viewer

HEARTBEAT_S = 15.0


def status_routes(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.get("/health")
    async def health() -> dict[str, Any]:
        return {"ok": True, "pending": await services.store.pending()}

    @routes.get("/setup")
    async def setup() -> dict[str, Any]:
        return dataclasses.asdict(services.setup.state)

    @routes.get("/setup/events")
    async def setup_events() -> StreamingResponse:
        """The state, each time it changes, until it is ready or has failed."""

        async def messages() -> AsyncIterator[str]:
            told = None
            while True:
                state = services.setup.state
                yield f"data: {json.dumps(dataclasses.asdict(state))}\n\n" if state != told else ": still here\n\n"
                told = state
                if state.ready or state.error:
                    return
                await services.setup.wait(HEARTBEAT_S)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(messages(), media_type="text/event-stream", headers=headers)

    @routes.get("/me")
    async def me(user: Viewer) -> dict[str, Any]:
        info = (await services.models()).info
        return {
            "user": user.id,
            "provider": info.name,
            "model": info.model,
            "demo": info.demo,
            "reason": info.reason,
            "problem": info.problem,
            "isolation": services.isolation,
        }

    return routes
