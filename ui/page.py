"""The page at `/`: Gradio Blocks laid out once; everything that changes comes through the project's journal.

Agents never run in a Gradio handler: the two handlers here start a run or ask one to stop, and return at once. What happens then
reaches the page over `GET /api/projects/{id}/events`, is folded by `static/fold.js` and drawn in the browser.
"""

import json
import mimetypes
from pathlib import Path
from typing import Any, cast

import gradio as gr
from fastapi import FastAPI, Request
from starlette.middleware import Middleware

from backend.domain import CodeFlowError, LimitReached, User
from backend.web.rates import count_for
from backend.web.services import Services
from backend.web.session import user_of
from backend.web.upgrade import limit_details
from ui.assets import mount_assets
from ui.components import event_bus, file_explorer, part, preview
from ui.gradio_routes import GradioRoutes
from ui.pages import page_routes
from ui.shell import PageShell
from ui.theme import THEME
from ui.uploads import UploadsOnly

# A pasted text longer than this becomes an attached file in Gradio; prompts are text, and their bound is the backend's to explain.
KEEP_AS_TEXT = 10_000_000
# Python before 3.13 does not know it by itself.
mimetypes.add_type("image/webp", ".webp")
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def mount_page(api: FastAPI, services: Services) -> FastAPI:
    """Mount the page on `api` at `/`, with its assets, and the real `<head>` in front. Returns `api`."""
    assets = mount_assets(api)
    api.include_router(page_routes(services, assets))
    gr.mount_gradio_app(
        api,
        blocks(services),
        path="/",
        theme=THEME,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        show_error=False,
        max_file_size="10mb",
    )
    api.add_middleware(PageShell, assets=assets)
    # The last of the list is the innermost: by then it is known who asks.
    api.user_middleware.append(Middleware(GradioRoutes, services=services))
    return api


def blocks(services: Services) -> gr.Blocks:
    with UploadsOnly(title="CodeFlow", fill_width=True, fill_height=True, analytics_enabled=False) as page:
        with gr.Sidebar(open=False, elem_id="drawer", width=320):
            part("projects")
        part("topbar")
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="left", min_width=0):
                part("hero")
                chat = gr.Chatbot(
                    elem_id="chat",
                    show_label=False,
                    container=False,
                    height="100%",
                    latex_delimiters=[],
                    buttons=[],
                    feedback_options=None,
                    group_consecutive_messages=True,
                )
                part("strip")
                box = gr.MultimodalTextbox(
                    elem_id="box",
                    label="Prompt",
                    show_label=False,
                    container=False,
                    lines=1,
                    max_lines=8,
                    placeholder="Describe what you want to build…",
                    file_types=["image"],
                    file_count="multiple",
                    max_plain_text_length=KEEP_AS_TEXT,
                    autofocus=True,
                )
                part("under")
            part("grip")
            with gr.Column(elem_id="right", min_width=0), gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
                with gr.Tab("Preview", id="preview"):
                    preview()
                with gr.Tab("Code", id="code", render_children=True), gr.Row(elem_id="ide"):
                    file_explorer()
                    with gr.Column(elem_id="reader", min_width=0):
                        part("breadcrumb")
                        part("source")
                with gr.Tab("Changes", id="changes-tab", render_children=True):
                    part("changes")
                with gr.Tab("Logs", id="logs-tab", render_children=True):
                    part("logs")
        part("dialogs")
        project = gr.Textbox(visible="hidden")
        outcome = gr.Textbox(visible="hidden")
        bus = event_bus()

        bus.chat(None, None, chat, js="() => [CodeFlow.chatValue()]", **QUIET)
        bus.composer(None, None, box, js="() => [CodeFlow.composerProps()]", **QUIET)
        bus.prompt(None, None, box, js="() => [CodeFlow.promptProps()]", **QUIET)

        async def start(prompt: dict[str, Any] | None, project_id: str, request: gr.Request) -> str:
            return await start_run(services, request, prompt or {}, project_id or None)

        async def stop(run_id: str, request: gr.Request) -> str:
            return await stop_run(services, request, run_id)

        box.submit(
            start,
            [box, project],
            outcome,
            js="(prompt) => CodeFlow.submitting(prompt)",
            concurrency_limit=None,
            **QUIET,
        ).then(None, outcome, box, js="(outcome) => [CodeFlow.submitted(outcome)]", **QUIET)
        box.stop(stop, project, outcome, js="() => [CodeFlow.stopping()]", queue=False, **QUIET).then(
            None, outcome, None, js="(outcome) => CodeFlow.stopped(outcome)", **QUIET
        )
    # Handlers are awaited on the loop, but Gradio still bounds its queue by this number of threads.
    page.max_threads = 200
    page.queue(default_concurrency_limit=None, api_open=False)
    return page


async def start_run(services: Services, request: gr.Request, prompt: dict[str, Any], project_id: str | None) -> str:
    """Start a run, in a new project when `project_id` is None. Returns JSON: `{project_id, run_id}` or `{error}`, with
    `limit` as `limit_details` tells it when one is reached.
    """
    user = None
    try:
        user = asking(request)
        count_for(services, "run", user)
        attachments = [read_attachment(Path(name)) for name in prompt.get("files") or []]
        run = await services.runs.start(user, project_id, prompt.get("text") or "", attachments)
    except LimitReached as error:
        limit = limit_details(error, user, services.settings.upgrade_url)
        return json.dumps({"error": error.message, "limit": limit})
    except CodeFlowError as error:
        return json.dumps({"error": error.message})
    return json.dumps({"project_id": run.project_id, "run_id": run.id})


async def stop_run(services: Services, request: gr.Request, run_id: str) -> str:
    """Ask a run to stop. Returns JSON: `{}` or `{error}`."""
    try:
        await services.runs.cancel(asking(request), run_id)
    except CodeFlowError as error:
        return json.dumps({"error": error.message})
    return "{}"


def asking(request: gr.Request) -> User:
    """Raises `NotSignedIn`."""
    return user_of(cast(Request, request.request))


def read_attachment(path: Path) -> tuple[str, str, bytes]:
    """(name, media type, bytes) of an uploaded image, as `runs.start` takes it."""
    return path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes()
