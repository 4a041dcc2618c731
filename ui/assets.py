"""The page's scripts, styles and fonts, served under a path that names their content, so that browsers may keep them for ever."""

import hashlib
import mimetypes
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

# Slim systems have no MIME table, and browsers refuse modules and styles of the wrong type.
for extension, media_type in {
    ".js": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}.items():
    mimetypes.add_type(media_type, extension)


class Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def mount_assets(api: FastAPI) -> str:
    """Mount `static/` and return its path, `/ui-<digest>`. Not `/static`: that is Gradio's."""
    digest = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(STATIC).as_posix().encode() + b"\0" + file.read_bytes())
    path = f"/ui-{digest.hexdigest()[:12]}"
    api.mount(path, Assets(directory=STATIC))
    return path
