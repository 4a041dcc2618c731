"""The page's own parts, each a `gr.HTML` whose content `static/main.js` draws.

The templates are constants on purpose: Gradio runs them as JavaScript template strings, and generated code is full of `${…}`.
Whatever a person or an agent wrote reaches the page through the journal and is set with `textContent`.
"""

import gradio as gr

from gradio.events import Dependency

class Part(gr.HTML):
    """A mount the page's JavaScript draws into; its name is its element id."""

    def __init__(self, name: str) -> None:
        super().__init__(
            elem_id=name,
            html_template="<div class='mount'></div>",
            js_on_load=f"CodeFlow.mount('{name}', element.querySelector('.mount'))",
            apply_default_css=False,
        )

    def get_block_name(self) -> str:
        return "html"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class FileExplorer(Part):
    """The project's files as a tree with folders, A/M/D badges, and search over names and contents.

    Gradio's own shows a folder of the server, without badges or live refresh; these files live in the store.
    """

    def __init__(self) -> None:
        super().__init__("tree")
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class Preview(Part):
    """The running app in a cross-origin, sandboxed frame, with device sizes, path bar, skeleton and error overlay."""

    def __init__(self) -> None:
        super().__init__("preview")
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class Bus(gr.HTML):
    """How the page's JavaScript drives Gradio's components: it triggers these events, whose handlers run in the browser only."""

    def __init__(self) -> None:
        super().__init__(
            elem_id="bus",
            html_template="<i></i>",
            js_on_load="CodeFlow.boot(name => trigger(name)); ['chat', 'composer', 'prompt']",
            apply_default_css=False,
        )

    def get_block_name(self) -> str:
        return "html"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component