"""The page at `/`: Gradio Blocks laid out once; everything that changes comes through the project's journal.

Nothing runs in a Gradio handler: every one here runs in the browser, and asks the same JSON routes as any other client. What happens
then reaches the page over `GET /api/projects/{id}/events`, is folded by `static/fold.js` and drawn in the browser.
"""

from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware

from backend.web.services import Services
from ui.assets import mount_assets
from ui.components import event_bus, file_explorer, part, preview
from ui.gradio_routes import GradioRoutes
from ui.pages import page_routes
from ui.shell import PageShell
from ui.theme import THEME
from ui.uploads import UploadsOnly

# A pasted text longer than this becomes an attached file in Gradio; prompts are text, and their bound is the backend's to explain.
KEEP_AS_TEXT = 10_000_000
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def mount_page(api: FastAPI, services: Services) -> FastAPI:
    """Mount the page on `api` at `/`, with its assets, and the real `<head>` in front. Returns `api`."""
    assets = mount_assets(api)
    api.include_router(page_routes(services, assets))
    gr.mount_gradio_app(
        api,
        blocks(),
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


def blocks() -> gr.Blocks:
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
                part("queue")
                part("again")
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
        bus = event_bus()

        bus.chat(None, None, chat, js="() => [CodeFlow.chatValue()]", **QUIET)
        bus.composer(None, None, box, js="() => [CodeFlow.composerProps()]", **QUIET)
        bus.prompt(None, box, box, js="(prompt) => [CodeFlow.promptProps(prompt)]", **QUIET)
        box.submit(None, box, box, js="async (prompt) => [await CodeFlow.send(prompt)]", **QUIET)
        box.stop(None, None, None, js="() => CodeFlow.stop()", **QUIET)
    page.queue(api_open=False)
    return page
