"""Routes of projects and their runs."""

import base64
import binascii
import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import StringConstraints

from backend.domain import InvalidInput, Run, RunKind
from backend.runs.inputs import Image
from backend.web.answers import EVENTS, EventStream, OwnType
from backend.web.bodies import Body, Id
from backend.web.errors import ANSWERS
from backend.web.events import stream_project
from backend.web.rates import rate
from backend.web.services import Services
from backend.web.session import Viewer
from backend.web.streams import Streams, session_ends

MAX_SEQ = 10**15
"""No journal is longer; no store's integers end before."""


class PromptImage(Body):
    name: str
    media_type: str
    data: str
    """Base64."""

    def image(self) -> Image:
        try:
            return self.name, self.media_type, base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(f"The image “{self.name}” did not arrive whole. Add it again.") from None


class Prompt(Body):
    prompt: str
    attachments: tuple[PromptImage, ...] = ()
    run_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None
    """Chosen by the page, so that sending twice starts once."""


class FirstPrompt(Prompt):
    plan: bool = False
    """Only say how it would be built."""


class NextPrompt(FirstPrompt):
    resends: Id | None = None
    """The run whose prompt is sent again as this one."""


class Stop(Body):
    undo: bool = False
    """Take back what the run wrote."""


class Edit(Body):
    files: dict[str, str | None]
    """path → new text, null to delete."""


class AtVersion(Body):
    version_id: Id


class Title(Body):
    title: str


def project_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/api")
    runs, store = services.runs, services.store
    streams = Streams()
    a_run = [rate(services, "run")]

    @routes.get("/projects")
    async def projects(user: Viewer, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return [card.model_dump(mode="json") for card in await store.projects(user, limit)]

    @routes.post("/projects", status_code=201, dependencies=a_run)
    async def start_project(user: Viewer, body: FirstPrompt) -> dict[str, str]:
        images = [a.image() for a in body.attachments]
        return started(await runs.start(user, None, body.prompt, images, body.run_id, kind=kind_of(body)))

    @routes.patch("/projects/{project_id}")
    async def rename(user: Viewer, project_id: str, body: Title) -> dict[str, Any]:
        return (await runs.rename(user, project_id, body.title)).model_dump(mode="json")

    @routes.delete("/projects/{project_id}", status_code=204)
    async def delete(user: Viewer, project_id: str) -> Response:
        await runs.delete(user, project_id)
        return Response(status_code=204)

    @routes.post("/projects/{project_id}/runs", status_code=201, dependencies=a_run)
    async def start(user: Viewer, project_id: str, body: NextPrompt) -> dict[str, str]:
        images = [a.image() for a in body.attachments]
        kind = kind_of(body)
        return started(await runs.start(user, project_id, body.prompt, images, body.run_id, body.resends, kind))

    @routes.post("/projects/{project_id}/edit", status_code=201, dependencies=a_run)
    async def edit(user: Viewer, project_id: str, body: Edit) -> dict[str, str]:
        return started(await runs.edit(user, project_id, body.files))

    @routes.post("/projects/{project_id}/restore", status_code=201, dependencies=a_run)
    async def restore(user: Viewer, project_id: str, body: AtVersion) -> dict[str, str]:
        return started(await runs.restore(user, project_id, body.version_id))

    @routes.post("/projects/{project_id}/fork", status_code=201, dependencies=a_run)
    async def fork(user: Viewer, project_id: str, body: AtVersion) -> dict[str, str | None]:
        project, waking = await runs.fork(user, project_id, body.version_id)
        return {"project_id": project.id, "run_id": waking.id if waking else None}

    @routes.post("/projects/{project_id}/wake", status_code=201, dependencies=a_run)
    async def wake(user: Viewer, project_id: str) -> dict[str, str]:
        return started(await runs.wake(user, project_id))

    @routes.post("/runs/{run_id}/cancel")
    async def cancel(user: Viewer, run_id: str, body: Stop | None = None) -> dict[str, str]:
        run = await runs.cancel(user, run_id, undo=body is not None and body.undo)
        return {**started(run), "status": run.status}

    @routes.get(
        "/projects/{project_id}/events",
        dependencies=[rate(services, "events")],
        response_class=OwnType,
        responses=EVENTS,
    )
    async def events(
        request: Request,
        user: Viewer,
        project_id: str,
        after: Annotated[int | None, Query(ge=0, le=MAX_SEQ)] = None,
        frames: Annotated[int, Query(ge=0, le=MAX_SEQ)] = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventStream:
        if last_event_id and re.fullmatch(r"[0-9]{1,15}", last_event_id):
            # The browser has seen more by now than the address it connects to again says.
            after = int(last_event_id)
        return await stream_project(runs, streams, user, project_id, after, frames, session_ends(request))

    return routes


def kind_of(body: FirstPrompt) -> RunKind:
    return RunKind.PLAN if body.plan else RunKind.PROMPT


def started(run: Run) -> dict[str, str]:
    return {"project_id": run.project_id, "run_id": run.id}
