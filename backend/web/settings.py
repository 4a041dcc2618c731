"""Routes of a project's settings: the model that works on it, and the variables of its app."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from backend.domain import InvalidInput
from backend.runs.inputs import checked_variable
from backend.runs.vault import Vault
from backend.web.bodies import Body
from backend.web.errors import ANSWERS
from backend.web.services import Services
from backend.web.session import Viewer

Name = Annotated[str, Path(pattern=r"^[A-Z_][A-Z0-9_]{0,63}$")]


class Chosen(Body):
    model: str | None
    """Null: the installation's default."""


class Value(Body):
    value: str


def settings_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/api/projects/{project_id}")
    store = services.store

    @routes.get("/settings")
    async def settings(user: Viewer, project_id: str) -> dict[str, Any]:
        project = await store.project(user, project_id)
        return {
            "model": project.model,
            "models": [
                {"id": choice.id, "name": choice.model, "title": choice.provider} for choice in await services.choices()
            ],
            "variables": [
                {"name": name, "updated_at": updated_at.isoformat()}
                for name, updated_at in await store.variables(user, project_id)
            ],
        }

    @routes.patch("/settings", status_code=204)
    async def choose(user: Viewer, project_id: str, body: Chosen) -> Response:
        if body.model is not None:
            await store.project(user, project_id)
            ids = [choice.id for choice in await services.choices()]
            if body.model not in ids:
                raise InvalidInput(
                    f"There is no such model here. There are: {', '.join(ids) or 'none to choose from'}."
                )
        await store.set_model(user, project_id, body.model)
        return Response(status_code=204)

    @routes.put("/variables/{name}", status_code=204)
    async def put(user: Viewer, project_id: str, name: Name, body: Value) -> Response:
        value = checked_variable(name, body.value)
        sealed = Vault.for_settings(services.settings).seal(value, project_id, name)
        await store.set_variable(user, project_id, name, sealed)
        return Response(status_code=204)

    @routes.delete("/variables/{name}", status_code=204)
    async def remove(user: Viewer, project_id: str, name: Name) -> Response:
        await store.set_variable(user, project_id, name, None)
        return Response(status_code=204)

    return routes
