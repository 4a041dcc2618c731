"""Routes of follow-ups: prompts that wait for the run under way. Their list comes with the project's view and events."""

from typing import Any

from fastapi import APIRouter, Response

from backend.web.bodies import Body, Id
from backend.web.errors import ANSWERS
from backend.web.projects import Prompt
from backend.web.rates import rate
from backend.web.services import Services
from backend.web.session import Viewer


class Changed(Body):
    prompt: str


class Moved(Body):
    before: Id | None
    """The follow-up that comes after it; null: none."""


def followup_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/api", dependencies=[rate(services, "run")])
    runs = services.runs

    @routes.post("/projects/{project_id}/followups", status_code=201)
    async def add(user: Viewer, project_id: str, body: Prompt) -> dict[str, str | None]:
        images = [a.image() for a in body.attachments]
        followup, run = await runs.add_followup(user, project_id, body.prompt, images, body.run_id)
        return {"project_id": project_id, "followup_id": followup.id, "run_id": run.id if run else None}

    @routes.post("/projects/{project_id}/followups/send")
    async def send(user: Viewer, project_id: str) -> dict[str, str | None]:
        run = await runs.send_followup(user, project_id)
        return {"project_id": project_id, "run_id": run.id if run else None}

    @routes.patch("/followups/{followup_id}")
    async def change(user: Viewer, followup_id: str, body: Changed) -> dict[str, Any]:
        return (await runs.change_followup(user, followup_id, body.prompt)).model_dump(mode="json")

    @routes.post("/followups/{followup_id}/move", status_code=204)
    async def move(user: Viewer, followup_id: str, body: Moved) -> Response:
        await runs.move_followup(user, followup_id, body.before)
        return Response(status_code=204)

    @routes.delete("/followups/{followup_id}", status_code=204)
    async def remove(user: Viewer, followup_id: str) -> Response:
        await runs.remove_followup(user, followup_id)
        return Response(status_code=204)

    return routes
