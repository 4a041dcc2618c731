"""Files that reach Gradio's handlers: what the page uploaded, and nothing else of this machine.

Gradio looks at the paths a request names only once `launch()` was called, which a mounted page never does; it copies whatever
file they lead to into its own folder, and fetches addresses. So they are looked at here, before Gradio touches them.
"""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from gradio_client.utils import is_file_obj_with_meta, traverse

KEPT_S = 3600
"""A picture is in the store as soon as its prompt is sent; until then, whoever writes it has this long."""


class UploadsOnly(gr.Blocks):
    """Blocks whose handlers get no file but uploaded ones, which are deleted after a while."""

    def __init__(self, **options: Any) -> None:
        super().__init__(delete_cache=(KEPT_S // 4, KEPT_S), **options)

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False) -> Any:
        traverse(inputs, _require_upload, is_file_obj_with_meta)
        return await super().preprocess_data(block_fn, inputs, state, explicit_call)


def _require_upload(file: dict[str, Any]) -> dict[str, Any]:
    # An address has no root either, so it is below the working directory.
    uploads = Path(get_upload_folder()).resolve()
    path = Path(file["path"]).resolve()
    if not (path.is_relative_to(uploads) and path.is_file()):
        raise gr.Error("This picture is not here any more. Add it again.", print_exception=False)
    return file
