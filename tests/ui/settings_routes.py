"""The simulated backend's settings of a project: the real routes' paths and JSON. What was set can be looked at, but never by the page."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response

from backend.domain import InvalidInput
from backend.web.bodies import Body

if TYPE_CHECKING:
    from tests.ui.simulator import Simulator

MODELS = [
    {"id": "openai:gpt-6.1-sol", "name": "gpt-6.1-sol", "title": "openai"},
    {"id": "gemini:gemini-4-argon", "name": "gemini-4-argon", "title": "gemini"},
]


class Choice(Body):
    model: str | None


class Value(Body):
    value: str


def settings_routes(api: FastAPI, sim: "Simulator") -> None:
    @api.get("/api/projects/{project_id}/settings")
    async def settings(project_id: str) -> dict[str, Any]:
        project = sim.project(project_id)
        variables = [{"name": name, "updated_at": at.isoformat()} for name, (_, at) in project.variables.items()]
        return {"model": project.model, "models": sim.models, "variables": variables}

    @api.patch("/api/projects/{project_id}/settings", status_code=204)
    async def choose(project_id: str, body: Choice) -> Response:
        if body.model not in (None, *(m["id"] for m in sim.models)):
            raise InvalidInput(f"“{body.model}” is not among the models of this installation.")
        sim.project(project_id).model = body.model
        return Response(status_code=204)

    @api.put("/api/projects/{project_id}/variables/{name}", status_code=204)
    async def set_variable(project_id: str, name: str, body: Value) -> Response:
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", name):
            raise InvalidInput("That is no name of a variable.")
        if name == "PATH":
            raise InvalidInput("PATH belongs to the sandbox. Choose another name.")
        sim.project(project_id).variables[name] = (body.value, datetime.now(UTC))
        return Response(status_code=204)

    @api.delete("/api/projects/{project_id}/variables/{name}", status_code=204)
    async def remove_variable(project_id: str, name: str) -> Response:
        sim.project(project_id).variables.pop(name, None)
        return Response(status_code=204)
