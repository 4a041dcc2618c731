"""The page's own parts, each a `gr.HTML` whose content `static/main.js` draws.

The templates are constants on purpose: Gradio runs them as JavaScript template strings, and generated code is full of `${…}`.
Whatever a person or an agent wrote reaches the page through the journal and is set with `textContent`.

They are functions, not subclasses: for each subclass of a component Gradio writes a stub file next to its source.
"""

from typing import Any

import gradio as gr


def part(name: str) -> gr.HTML:
    """A mount the page's JavaScript draws into; its name is its element id."""
    return gr.HTML(
        elem_id=name,
        html_template="<div class='mount'></div>",
        js_on_load=f"CodeFlow.mount('{name}', element.querySelector('.mount'))",
        apply_default_css=False,
    )


def file_explorer() -> gr.HTML:
    """The project's files as a tree with folders, A/M/D badges, and search over names and contents.

    `gr.FileExplorer` shows a folder of the server, without badges or live refresh; these files live in the store.
    """
    return part("tree")


def preview() -> gr.HTML:
    """The running app in a cross-origin, sandboxed frame, with device sizes, path bar, skeleton and error overlay."""
    return part("preview")


def event_bus() -> Any:
    """How the page's JavaScript drives Gradio's components: it triggers these events, whose handlers run in the browser only."""
    return gr.HTML(
        elem_id="bus",
        html_template="<i></i>",
        js_on_load="CodeFlow.boot(name => trigger(name)); ['chat', 'composer', 'prompt']",
        apply_default_css=False,
    )
