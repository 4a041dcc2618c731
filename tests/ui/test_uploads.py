"""What a signed-in person may make Gradio read: pictures that were uploaded, and nothing of the server's."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from backend.web.api import create_api
from backend.web.limits import RATES, Rate, RateLimits
from backend.web.services import Services
from tests.web.conftest import UPGRADE, Site, served, with_named_people
from tests.web.people import as_user
from ui.page import mount_page

EVE = as_user("eve")
NOTHING = "There is nothing here."


def page_of_many(services: Services) -> FastAPI:
    return with_named_people(mount_page(create_api(services), services))


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    async with served(tmp_path, page_of_many, default_tier="free", CODEFLOW_UPGRADE_URL=UPGRADE) as site:
        yield site


async def handlers(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await http.get("/config", headers=EVE)).json()["dependencies"]


async def submitted(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """What Gradio's queue answers to a prompt with this file."""
    takes_prompts = next(h["id"] for h in await handlers(http) if h["inputs"])
    prompt = {"text": "a page", "files": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
    body = {"data": [prompt], "fn_index": takes_prompts, "session_hash": "eves"}
    (await http.post("/gradio_api/queue/join", json=body, headers=EVE)).raise_for_status()
    async with http.stream("GET", "/gradio_api/queue/data?session_hash=eves", headers=EVE) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:") and (news := json.loads(line[5:]))["msg"] == "process_completed":
                return news
    raise AssertionError("the queue said nothing")


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, "PNG")
    return out.getvalue()


async def uploaded(http: httpx.AsyncClient, person: dict[str, str] = EVE) -> str:
    answer = await http.post("/gradio_api/upload", files={"files": ("red.png", picture())}, headers=person)
    return answer.json()[0]


async def test_no_handler_runs_on_the_server(site: Site) -> None:
    assert not [h for h in await handlers(site.http) if h["backend_fn"]]


async def test_an_uploaded_picture_is_there_for_its_page_to_send(site: Site) -> None:
    kept = await site.http.get(f"/gradio_api/file={await uploaded(site.http)}", headers=EVE)
    assert (kept.status_code, kept.content) == (200, picture())


async def test_no_file_of_the_servers_is_read_copied_or_told_of(site: Site, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture())
    inside = f"{Path(await uploaded(site.http)).parent}/../../secret.png"
    for path in (str(secret), "/proc/self/environ", "/dev/zero", "secret.png", inside):
        news = await submitted(site.http, path)
        assert not news["success"]
        assert "not here any more" in news["output"]["error"]
    assert [file.name for file in (tmp_path / "uploads").rglob("*.*")] == ["red.png"]


async def test_no_address_is_fetched(site: Site) -> None:
    news = await submitted(site.http, "https://example.com/picture.png")
    assert "not here any more" in news["output"]["error"]


async def test_nobody_uploads_without_end(site: Site) -> None:
    site.services.limits = RateLimits({**RATES, "upload": Rate(2, 600)})
    files = {"files": ("red.png", picture())}
    answers = [await site.http.post("/gradio_api/upload", files=files, headers=EVE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["kind"] == "rate"
    await uploaded(site.http, as_user("ada"))


async def test_gradios_routes_that_the_page_does_not_use_are_not_there(site: Site) -> None:
    for path in (
        # Fetched by the server, and served with the type that a foreign server says: a page of somebody's, as ours.
        "file=https://example.com/picture.png",
        "file/https://example.com/picture.png",
        "proxy=https://example.com/",
        # Tells what a session's components hold, and writes it to a file for each who asks.
        "deep_link?session_hash=eves",
    ):
        assert (await site.http.get(f"/gradio_api/{path}", headers=EVE)).json()["error"]["message"] == NOTHING
    for path in ("run/start", "api/start", "call/start", "component_server", "vibe-edit", "process_recording"):
        assert (await site.http.post(f"/gradio_api/{path}", json={}, headers=EVE)).json()["error"]["message"] == NOTHING
    assert (await site.http.get("/monitoring", headers=EVE)).json()["error"]["message"] == NOTHING


async def test_files_beside_the_uploads_are_not_served(site: Site, tmp_path: Path) -> None:
    beside = tmp_path / "secret.png"
    beside.write_bytes(picture())
    for path in (beside, "/proc/self/environ", Path.cwd() / "pyproject.toml"):
        answer = await site.http.get(f"/gradio_api/file={path}", headers=EVE)
        assert answer.status_code in (403, 404), answer.text
