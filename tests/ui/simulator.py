"""The page's backend as a play: the real routes' paths and JSON, real events and the real fold, with scripted runs for agents.

`python -m tests.ui.simulator [port] [pace]` serves it for a look by hand; the browser test uses it as a fixture.
"""

import asyncio
import contextlib
import io
import json
import sys
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.middleware import Middleware

from backend.config import Settings
from backend.domain import (
    Attachment,
    Busy,
    FollowUp,
    Hold,
    InvalidInput,
    LimitKind,
    LimitReached,
    NotFound,
    RunKind,
    RunStatus,
    User,
)
from backend.events import CancelRequested, Entry, Event, Frame, RunFinished, RunQueued
from backend.runs.inputs import Image as Picture
from backend.views import ProjectView, fold
from backend.web.errors import add_error_answers
from backend.web.projects import FirstPrompt
from backend.web.security import Security
from backend.web.session import LOCAL_USER, LocalSession
from tests.ui.play import Player, perform, undo
from tests.ui.preview_app import PREVIEW_HTML
from tests.ui.settings_routes import MODELS, settings_routes
from tests.ui.starter import STARTER
from tests.ui.turns import follow_up_routes, journal_followups, send_first
from ui.page import mount_page

UPGRADE_URL = "https://pay.example/pro"


@dataclass
class SimProject:
    id: str
    title: str
    preview_url: str
    files: dict[str, bytes]
    entries: list[Entry] = field(default_factory=list)
    files_of: dict[str | None, dict[str, bytes]] = field(default_factory=dict)
    """By version."""
    frames: list[tuple[int, Frame]] = field(default_factory=list)
    frames_written: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: asyncio.Task[None] | None = None
    followups: list[FollowUp] = field(default_factory=list)
    held: Hold | None = None
    released: bool = False
    """A patient run ends."""
    model: str | None = None
    variables: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def view(self) -> ProjectView:
        view = ProjectView(id=self.id, title=self.title)
        for entry in self.entries:
            fold(view, entry)
        return view

    @property
    def active(self) -> bool:
        return self.task is not None and not self.task.done()

    async def append(self, run_id: str, event: Event) -> None:
        self.updated_at = datetime.now(UTC)
        self.entries.append(Entry(seq=len(self.entries) + 1, run_id=run_id, at=self.updated_at, event=event))
        step = getattr(event, "step", None)
        if step and event.type.endswith("finished"):
            self.frames = [(p, f) for p, f in self.frames if (f.run_id, f.step) != (run_id, step)]
        await self.poke()

    async def stream(self, frame: Frame) -> None:
        self.frames_written += 1
        self.frames.append((self.frames_written, frame))
        await self.poke()

    async def poke(self) -> None:
        async with self.changed:
            self.changed.notify_all()


class Simulator:
    """Stands where `backend.runs` and the store stand; `user` is ignored."""

    def __init__(self, preview_port: int, pace: float) -> None:
        self.preview_url = f"http://3000-sim.localhost:{preview_port}/"
        self.usual_pace = pace
        self.runs = self
        self.settings = SimpleNamespace(upgrade_url=None)
        self.projects: dict[str, SimProject] = {}
        self.reset()

    def reset(self) -> None:
        """As new; of runs under way nothing is heard again."""
        for project in self.projects.values():
            if task := project.task:
                task.get_loop().call_soon_threadsafe(task.cancel)
        self.pace = self.usual_pace
        self.projects = {}
        self.blobs: dict[str, bytes] = {}
        self.setup: dict[str, Any] = {"ready": True, "message": "", "fraction": None, "error": None}
        self.me: dict[str, Any] = {
            "provider": "demo",
            "model": "demo",
            "demo": True,
            "reason": "No OPENAI_API_KEY, GEMINI_API_KEY or OPENAI_BASE_URL is set, and no Ollama answers.",
            "isolation": "bubblewrap",
        }
        self.usage: dict[str, Any] | None = None
        self.models: list[dict[str, str]] = MODELS
        self.shares: list[dict[str, Any]] = []
        self.signed_out: list[bool] = []
        self.deleted: list[str] = []
        self.refuse_streams = False

    def project(self, project_id: str) -> SimProject:
        if project_id not in self.projects:
            raise NotFound("There is no such project.")
        return self.projects[project_id]

    async def start(
        self,
        user: User,
        project_id: str | None,
        prompt: str,
        attachments: Sequence[Picture],
        run_id: str | None = None,
        resends: str | None = None,
        *,
        plan: bool = False,
    ) -> SimpleNamespace:
        if not prompt.strip():
            raise InvalidInput("The prompt is empty. Describe what to build or change.")
        if len(prompt) > 100_000:
            raise InvalidInput("The prompt is longer than 100,000 characters. Shorten it.")
        if self.usage:
            self.take_point(self.usage)
        if project_id is None:
            project_id = self.create("", STARTER).id
        kept = [Attachment(name=n, media_type=t, sha256=self.add_blob(content)) for n, t, content in attachments]
        kind = RunKind.PLAN if plan else RunKind.PROMPT
        run_id = await self.begin(self.project(project_id), kind, prompt, kept, run_id, resends)
        return SimpleNamespace(project_id=project_id, id=run_id)

    def create(self, title: str, files: dict[str, bytes]) -> SimProject:
        project = SimProject(f"p{len(self.projects) + 1}", title, self.preview_url, dict(files))
        self.projects[project.id] = project
        return project

    def take_point(self, usage: dict[str, Any]) -> None:
        if usage["points_used"] >= usage["tier"]["points"]:
            raise LimitReached("Your 5 prompts are used up until 18:40.", LimitKind.POINTS, datetime.now(UTC))
        usage["points_used"] += 1
        usage["resets_at"] = (datetime.now(UTC) + timedelta(hours=4)).isoformat()

    def sign_in(self, email: str | None, points_used: int, tier: str = "Free") -> None:
        """From now on the page has an account; `email` None: a trial."""
        self.me |= {
            "sign_in": True,
            "email": email,
            "anonymous": email is None,
            "upgrade_url": UPGRADE_URL,
        }
        self.usage = {
            "tier": {"id": tier.lower(), "name": tier, "points": 5, "window_s": 86400, "budget_micros": 2_000_000},
            "points_used": points_used,
            "resets_at": (datetime.now(UTC) + timedelta(hours=4)).isoformat() if points_used else None,
            "spent_micros": 130_000,
        }

    async def begin(
        self,
        project: SimProject,
        kind: RunKind,
        prompt: str,
        attachments: Sequence[Attachment] = (),
        run_id: str | None = None,
        resends: str | None = None,
    ) -> str:
        if project.active:
            raise Busy("A run is already under way on this project. Wait for it, or stop it.")
        run_id = run_id or f"{project.id}-r{len(project.view().runs) + 1}"
        again = next((r for r in project.view().runs if r.id == resends), None)
        from_ = [v.id for v in project.view().versions if again and v.at <= again.queued_at]
        queued = RunQueued(
            kind=kind,
            prompt=prompt,
            attachments=list(attachments),
            restore_id=from_[-1] if from_ else None,
            resends=resends,
        )
        await project.append(run_id, queued)
        player = Player(project, run_id, self.pace, self.add_blob)
        project.task = asyncio.create_task(self.play(player, kind, prompt))
        return run_id

    async def play(self, player: Player, kind: RunKind, prompt: str) -> None:
        await perform(player, kind, prompt)
        project = player.project
        project.task = None
        if project.view().runs[-1].status is RunStatus.FAILED:
            await self.hold(project, Hold.FAILED)
        elif not project.held:
            await send_first(self, project)

    async def hold(self, project: SimProject, why: Hold) -> None:
        if project.followups:
            project.held = why
            await journal_followups(project)

    async def cancel(self, user: User, run_id: str, *, undoing: bool = False) -> None:
        project = next((p for p in self.projects.values() if run_id in {r.id for r in p.view().runs}), None)
        if not project or not project.active or project.task is None:
            return
        await project.append(run_id, CancelRequested(undo=undoing))
        project.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await project.task
        if undoing:
            await undo(project, run_id)
        await project.append(
            run_id,
            RunFinished(status="cancelled", verified=False, duration_s=3.2, cost_micros=0),  # type: ignore[arg-type]
        )
        await self.hold(project, Hold.STOPPED)

    def add_blob(self, content: bytes) -> str:
        name = sha256(content).hexdigest()
        self.blobs[name] = content
        return name

    async def events(self, project: SimProject, after: int, frames: int) -> AsyncIterator[str]:
        if not after:
            view = project.view()
            after = view.seq
            yield message({"view": view.model_dump(mode="json")}, after)
        while not self.refuse_streams:
            entries = project.entries[after:]
            fresh = [(p, f) for p, f in project.frames if p > frames]
            if entries or fresh:
                after += len(entries)
                frames = max([frames, *(p for p, _ in fresh)])
                yield message(
                    {
                        "entries": [e.model_dump(mode="json") for e in entries],
                        "frames": [[p, f.model_dump(mode="json")] for p, f in fresh],
                    },
                    after,
                )
                await asyncio.sleep(0.06)
                continue
            with contextlib.suppress(TimeoutError):
                async with project.changed, asyncio.timeout(0.5):
                    await project.changed.wait()


def message(data: dict[str, Any], seq: int) -> str:
    return f"id: {seq}\ndata: {json.dumps(data)}\n\n"


def create_api(sim: Simulator) -> FastAPI:
    api = FastAPI(middleware=[Middleware(Security, hosts=["127.0.0.1"]), Middleware(LocalSession)])

    add_error_answers(api, UPGRADE_URL)
    follow_up_routes(api, sim)
    settings_routes(api, sim)

    @api.get("/api/setup")
    async def setup() -> dict[str, Any]:
        return sim.setup

    @api.get("/api/me")
    async def me() -> dict[str, Any]:
        return {**sim.me, "usage": sim.usage}

    @api.get("/api/usage")
    async def usage() -> dict[str, Any] | None:
        return sim.usage

    @api.post("/auth/sign-out")
    async def sign_out(request: Request) -> dict[str, bool]:
        sim.signed_out.append((await request.json())["everywhere"])
        return {"ok": True}

    @api.delete("/api/account")
    async def delete_account(request: Request) -> None:
        confirm = (await request.json())["confirm"]
        if confirm != sim.me["email"]:
            raise InvalidInput("What you typed does not match the account's address.")
        sim.deleted.append(confirm)

    @api.get("/signin")
    async def signin() -> HTMLResponse:
        return HTMLResponse("<h1>Sign in</h1>")

    @api.get("/api/projects/{project_id}/shares")
    async def shares(project_id: str) -> list[dict[str, Any]]:
        return sim.shares

    @api.post("/api/projects/{project_id}/shares")
    async def share(project_id: str, request: Request) -> dict[str, Any]:
        made = {
            "id": f"s{len(sim.shares) + 1}",
            "version_number": 1,
            "history": (await request.json())["history"],
            "created_at": datetime.now(UTC).isoformat(),
        }
        sim.shares.insert(0, made)
        return {"share": made, "url": f"http://127.0.0.1/s/token-{made['id']}"}

    @api.delete("/api/shares/{share_id}")
    async def revoke(share_id: str) -> None:
        sim.shares = [s for s in sim.shares if s["id"] != share_id]

    @api.get("/api/projects")
    async def projects() -> list[dict[str, Any]]:
        cards = []
        for p in sorted(sim.projects.values(), key=lambda p: p.updated_at, reverse=True):
            view = p.view()
            shot = next((v.screenshot_sha256 for v in reversed(view.versions) if v.screenshot_sha256), None)
            cards.append(
                {
                    "id": p.id,
                    "title": view.title,
                    "updated_at": p.updated_at.isoformat(),
                    "active": p.active,
                    "versions": len(view.versions),
                    "screenshot_sha256": shot,
                }
            )
        return cards

    @api.patch("/api/projects/{project_id}")
    async def rename(project_id: str, request: Request) -> None:
        sim.project(project_id).title = (await request.json())["title"]

    @api.delete("/api/projects/{project_id}")
    async def remove(project_id: str) -> None:
        if sim.project(project_id).active:
            raise Busy("A run is under way. Stop it first.")
        del sim.projects[project_id]

    @api.post("/api/projects")
    async def start_project(body: FirstPrompt) -> dict[str, str]:
        images = [a.image() for a in body.attachments]
        run = await sim.start(LOCAL_USER, None, body.prompt, images, body.run_id, plan=body.plan)
        return {"project_id": run.project_id, "run_id": run.id}

    @api.post("/api/projects/{project_id}/wake")
    async def wake(project_id: str) -> dict[str, str]:
        return {"run_id": await sim.begin(sim.project(project_id), RunKind.WAKE, "Wake the preview")}

    @api.post("/api/projects/{project_id}/restore")
    async def restore(project_id: str, request: Request) -> dict[str, str]:
        wanted = (await request.json())["version_id"]
        project = sim.project(project_id)
        number = next(v.number for v in project.view().versions if v.id == wanted)
        return {"run_id": await sim.begin(project, RunKind.RESTORE, f"Restore version {number}")}

    @api.get("/api/projects/{project_id}/events")
    async def events(project_id: str, after: int = 0, frames: int = 0) -> StreamingResponse:
        return StreamingResponse(sim.events(sim.project(project_id), after, frames), media_type="text/event-stream")

    @api.get("/api/projects/{project_id}/tree")
    async def tree(project_id: str) -> list[dict[str, Any]]:
        project = sim.project(project_id)
        touched = project.view().touched
        return [
            {"path": path, "size": len(content), "status": touched.get(path)}
            for path, content in sorted(project.files.items())
        ]

    @api.get("/api/projects/{project_id}/file")
    async def file(project_id: str, file: str) -> Response:
        content = sim.project(project_id).files.get(file)
        if content is None:
            raise NotFound("There is no such file.")
        return Response(content, media_type="text/plain; charset=utf-8")

    @api.get("/api/projects/{project_id}/search")
    async def search(project_id: str, q: str) -> list[dict[str, Any]]:
        return [
            {"path": path, "line": number, "text": line}
            for path, content in sorted(sim.project(project_id).files.items())
            for number, line in enumerate(content.decode().splitlines(), 1)
            if q.lower() in line.lower()
        ][:60]

    @api.get("/api/projects/{project_id}/blobs/{name}.jpg")
    async def blob(project_id: str, name: str) -> Response:
        return Response(sim.blobs[name], media_type="image/jpeg")

    @api.get("/api/projects/{project_id}/export.zip")
    async def export(project_id: str) -> Response:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for path, content in sim.project(project_id).files.items():
                archive.writestr(path, content)
        return Response(out.getvalue(), media_type="application/zip")

    return api


def preview_app(page_port: int) -> FastAPI:
    """The sandbox's dev server: another origin, an app with the bridge's messages."""
    app = FastAPI()
    ancestors = f"frame-ancestors http://127.0.0.1:{page_port} http://localhost:{page_port}"

    @app.get("/{path:path}")
    async def page(path: str) -> HTMLResponse:
        return HTMLResponse(PREVIEW_HTML, headers={"Content-Security-Policy": ancestors})

    return app


async def serve(page_port: int, preview_port: int, sim: Simulator) -> None:
    services = cast(
        Any, SimpleNamespace(runs=sim, settings=Settings.model_validate({"CODEFLOW_UPGRADE_URL": UPGRADE_URL}))
    )
    page = mount_page(create_api(sim), services)
    servers = [
        uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
        )
        for app, port in ((page, page_port), (preview_app(page_port), preview_port))
    ]
    await asyncio.gather(*(s.serve() for s in servers))


if __name__ == "__main__":
    port, pace = int(sys.argv[1]) if len(sys.argv) > 1 else 7861, float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    asyncio.run(serve(port, port + 1, Simulator(port + 1, pace)))
