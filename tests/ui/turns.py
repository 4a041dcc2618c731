"""The simulated backend's prompts that wait, go again, and fork: the real routes' paths and JSON."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response

from backend.domain import (
    MAX_FOLLOWUPS,
    Attachment,
    Busy,
    FollowUp,
    Hold,
    InvalidInput,
    LimitReached,
    NotFound,
    RunKind,
)
from backend.events import FollowUpsChanged
from backend.web.bodies import Body
from backend.web.projects import NextPrompt, Prompt
from backend.web.session import LOCAL_USER

if TYPE_CHECKING:
    from tests.ui.simulator import SimProject, Simulator


class Change(Body):
    prompt: str


class Move(Body):
    before: str | None


class Stop(Body):
    undo: bool = False


class Fork(Body):
    version_id: str


async def journal_followups(project: "SimProject") -> None:
    if not project.followups:
        project.held = None
    newest = project.view().runs[-1].id
    await project.append(newest, FollowUpsChanged(followups=list(project.followups), held=project.held))


async def send_first(sim: "Simulator", project: "SimProject", *, asked: bool = False) -> str | None:
    """The first that waits becomes a run of its id. `asked`: a person wants it, and is told when it cannot."""
    if not project.followups:
        return None
    if project.active:
        raise Busy("A run is already under way on this project. Wait for it, or stop it.")
    first = project.followups[0]
    if sim.usage:
        try:
            sim.take_point(sim.usage)
        except LimitReached:
            if asked:
                raise
            await sim.hold(project, Hold.LIMIT)
            return None
    del project.followups[0]
    project.held = None
    run_id = await sim.begin(project, RunKind.PROMPT, first.prompt, first.attachments, first.id)
    await journal_followups(project)
    return run_id


def follow_up_routes(api: FastAPI, sim: "Simulator") -> None:
    @api.post("/api/projects/{project_id}/runs", status_code=201)
    async def run(project_id: str, body: NextPrompt) -> dict[str, str]:
        images = [a.image() for a in body.attachments]
        started = await sim.start(
            LOCAL_USER, project_id, body.prompt, images, body.run_id, body.resends, plan=body.plan
        )
        return {"project_id": project_id, "run_id": started.id}

    @api.post("/api/runs/{run_id}/cancel")
    async def cancel(run_id: str, body: Stop) -> dict[str, str]:
        await sim.cancel(LOCAL_USER, run_id, undoing=body.undo)
        return {"run_id": run_id}

    @api.post("/api/projects/{project_id}/followups", status_code=201)
    async def add(project_id: str, body: Prompt) -> dict[str, str | None]:
        project = sim.project(project_id)
        if not body.prompt.strip():
            raise InvalidInput("The prompt is empty. Describe what to build or change.")
        if len(project.followups) >= MAX_FOLLOWUPS:
            raise InvalidInput(f"{MAX_FOLLOWUPS} prompts wait already. Remove one, or wait for a run to finish.")
        kept = [
            Attachment(name=n, media_type=t, sha256=sim.add_blob(content))
            for n, t, content in (a.image() for a in body.attachments)
        ]
        assert body.run_id
        if body.run_id in {f.id for f in project.followups} | {r.id for r in project.view().runs}:
            return {"project_id": project_id, "followup_id": body.run_id, "run_id": None}
        waiting = FollowUp(id=body.run_id, prompt=body.prompt, attachments=kept, created_at=datetime.now(UTC))
        project.followups.append(waiting)
        await journal_followups(project)
        sent = None if project.active or project.held else await send_first(sim, project, asked=True)
        return {"project_id": project_id, "followup_id": waiting.id, "run_id": sent}

    @api.patch("/api/followups/{followup_id}")
    async def change(followup_id: str, body: Change) -> FollowUp:
        project, at = waiting_at(sim, followup_id)
        project.followups[at] = project.followups[at].model_copy(update={"prompt": body.prompt})
        await journal_followups(project)
        return project.followups[at]

    @api.post("/api/followups/{followup_id}/move", status_code=204)
    async def move(followup_id: str, body: Move) -> Response:
        project, at = waiting_at(sim, followup_id)
        moved = project.followups.pop(at)
        to = next((i for i, f in enumerate(project.followups) if f.id == body.before), len(project.followups))
        project.followups.insert(to, moved)
        await journal_followups(project)
        return Response(status_code=204)

    @api.delete("/api/followups/{followup_id}", status_code=204)
    async def remove(followup_id: str) -> Response:
        project, at = waiting_at(sim, followup_id)
        del project.followups[at]
        await journal_followups(project)
        return Response(status_code=204)

    @api.post("/api/projects/{project_id}/followups/send")
    async def send(project_id: str) -> dict[str, str | None]:
        return {"project_id": project_id, "run_id": await send_first(sim, sim.project(project_id), asked=True)}

    @api.post("/api/projects/{project_id}/fork", status_code=201)
    async def fork(project_id: str, body: Fork) -> dict[str, str]:
        original = sim.project(project_id)
        copy = sim.create(f"{original.view().title} (copy)", original.files_of[body.version_id])
        return {"project_id": copy.id, "run_id": await sim.begin(copy, RunKind.WAKE, "Wake the preview")}


def waiting_at(sim: "Simulator", followup_id: str) -> tuple["SimProject", int]:
    for project in sim.projects.values():
        for at, waiting in enumerate(project.followups):
            if waiting.id == followup_id:
                return project, at
    raise NotFound("This prompt does not wait any more: it was sent or removed.")
