"""Routes of a project's files: as they now are, in versions, and as pictures."""

import asyncio
import io
import re
import zipfile
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from backend.domain import InvalidInput, NotFound, User
from backend.runs.inputs import image_type
from backend.web.answers import PICTURES, TEXT, ZIP, OwnType
from backend.web.errors import ANSWERS
from backend.web.rates import rate
from backend.web.services import Services
from backend.web.session import Viewer

MAX_HITS = 200
MAX_HIT_CHARS = 240
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Security-Policy": "sandbox"}

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


def file_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/api/projects/{project_id}")
    runs, store = services.runs, services.store

    async def contents(user: User, project_id: str) -> dict[str, bytes]:
        tree = await store.tree(user, project_id)
        blobs = await store.blobs(user, project_id, list(set(tree.values())))
        return {path: blobs[sha256] for path, sha256 in tree.items()}

    @routes.get("/tree")
    async def tree(user: Viewer, project_id: str) -> list[dict[str, Any]]:
        files, view = await store.tree(user, project_id), await runs.view(user, project_id)
        return [{"path": path, "status": view.touched.get(path), "sha256": sha256} for path, sha256 in files.items()]

    @routes.get("/file", response_class=OwnType, responses=TEXT)
    async def file(user: Viewer, project_id: str, file: str, version: str | None = None) -> Response:
        files = await store.tree(user, project_id) if version is None else await manifest(user, project_id, version)
        if file not in files:
            raise NotFound(f"There is no file {file} in this project. It may have been moved or deleted.")
        body = await store.blob(user, project_id, files[file])
        return Response(body, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})

    async def manifest(user: User, project_id: str, version_id: str) -> dict[str, str]:
        version = await store.version(user, version_id)
        if version.project_id != project_id:
            raise NotFound("There is no such version of this project.")
        return version.manifest

    @routes.get("/search", dependencies=[rate(services, "look")])
    async def search(user: Viewer, project_id: str, q: Annotated[str, Query(max_length=200)]) -> list[dict[str, Any]]:
        if not q.strip():
            raise InvalidInput("There is nothing to search for. Type a word.")
        return await asyncio.to_thread(find, await contents(user, project_id), q)

    @routes.get("/versions/{version_id}")
    async def version(user: Viewer, project_id: str, version_id: str) -> dict[str, Any]:
        found = await store.version(user, version_id)
        if found.project_id != project_id:
            raise NotFound("There is no such version of this project.")
        return {**found.model_dump(mode="json"), "verified": found.verified}

    @routes.get("/blobs/{sha256}.jpg", response_class=OwnType, responses=PICTURES)
    async def picture(user: Viewer, project_id: str, sha256: Sha256) -> Response:
        body = await store.blob(user, project_id, sha256)
        media_type = image_type(body)
        if media_type is None:
            raise NotFound("This is not a picture.")
        return Response(body, media_type=media_type, headers=IMMUTABLE)

    @routes.get("/export.zip", dependencies=[rate(services, "download")], response_class=OwnType, responses=ZIP)
    async def export(user: Viewer, project_id: str) -> Response:
        project = await store.project(user, project_id)
        name = re.sub(r"[^a-z0-9]+", "-", project.title.lower()).strip("-")[:60] or "app"
        body = await asyncio.to_thread(packed, name, await contents(user, project_id))
        headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
        return Response(body, media_type="application/zip", headers=headers)

    return routes


def find(files: dict[str, bytes], text: str) -> list[dict[str, Any]]:
    """Lines that hold the text in whatever case, at most `MAX_HITS`: `{path, line, text}`."""
    hits: list[dict[str, Any]] = []
    wanted = text.lower()
    for path, body in files.items():
        if b"\0" in body:
            continue
        for number, line in enumerate(body.decode("utf-8", "replace").splitlines(), 1):
            if wanted in line.lower():
                hits.append({"path": path, "line": number, "text": line.strip()[:MAX_HIT_CHARS]})
                if len(hits) == MAX_HITS:
                    return hits
    return hits


def packed(folder: str, files: dict[str, bytes]) -> bytes:
    """A zip that unpacks into one folder."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        for path, body in files.items():
            z.writestr(f"{folder}/{path}", body)
    return archive.getvalue()
