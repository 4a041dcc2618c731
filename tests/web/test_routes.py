"""Every route, as the page and any other client use it."""

import base64
import io
import zipfile

import pytest

from backend.web.session import LOCAL_USER
from tests.web.conftest import Site

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()


async def test_a_prompt_makes_a_project_that_is_listed(site: Site) -> None:
    project_id, _ = await site.finished("a page for my cat")
    cards = (await site.http.get("/api/projects")).json()
    assert [(c["id"], c["title"], c["active"], c["versions"]) for c in cards] == [(project_id, "Acted", False, 1)]
    picture = await site.http.get(f"/api/projects/{project_id}/blobs/{cards[0]['screenshot_sha256']}.jpg")
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/jpeg"
    assert "immutable" in picture.headers["cache-control"]
    assert picture.headers["x-content-type-options"] == "nosniff"


async def test_sending_the_same_prompt_twice_with_one_run_id_is_once(site: Site) -> None:
    body = {"prompt": "a page", "run_id": "chosen-by-the-page"}
    answers = [(await site.http.post("/api/projects", json=body)).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["run_id"] == "chosen-by-the-page"
    assert len((await site.http.get("/api/projects")).json()) == 1


async def test_a_follow_up_while_a_run_is_under_way_is_refused_with_a_reason(site: Site) -> None:
    project_id, run_id = await site.start()
    answer = await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "more"})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "busy"
    cancelled = await site.http.post(f"/api/runs/{run_id}/cancel")
    assert cancelled.json() == {"project_id": project_id, "run_id": run_id, "status": "cancelled"}
    assert (await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "more"})).status_code == 201


async def test_files_are_listed_read_and_searched_while_no_sandbox_is_alive(site: Site) -> None:
    project_id, _ = await site.finished()
    for workspace in site.stage.workspaces.opened:
        await site.stage.workspaces.kill(workspace.sandbox_id)
    tree = {f["path"]: f["status"] for f in (await site.http.get(f"/api/projects/{project_id}/tree")).json()}
    assert tree["app/page0.tsx"] == "A"
    assert tree["package.json"] is None
    file = await site.http.get(f"/api/projects/{project_id}/file", params={"file": "app/page0.tsx"})
    assert file.text == "export default 1\n"
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    hits = (await site.http.get(f"/api/projects/{project_id}/search", params={"q": "DEFAULT 1"})).json()
    assert {"path": "app/page0.tsx", "line": 1, "text": "export default 1"} in hits


async def test_a_version_and_its_files_can_be_read_after_later_changes(site: Site) -> None:
    project_id, _ = await site.finished()
    first = (await site.services.runs.view(LOCAL_USER, project_id)).versions[0]
    edit = await site.http.post(f"/api/projects/{project_id}/edit", json={"files": {"app/page0.tsx": "mine"}})
    async with site.stage.working():
        await site.stage.over(await site.stage.store.run(LOCAL_USER, edit.json()["run_id"]))
    version = (await site.http.get(f"/api/projects/{project_id}/versions/{first.id}")).json()
    assert (version["number"], version["verified"]) == (1, True)
    params = {"file": "app/page0.tsx", "version": first.id}
    assert (await site.http.get(f"/api/projects/{project_id}/file", params=params)).text == "export default 1\n"
    back = await site.http.post(f"/api/projects/{project_id}/restore", json={"version_id": first.id})
    assert back.status_code == 201


async def test_an_export_unpacks_into_one_folder_with_every_file(site: Site) -> None:
    project_id, _ = await site.finished()
    answer = await site.http.get(f"/api/projects/{project_id}/export.zip")
    assert 'filename="acted.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as z:
        names = {name.removeprefix("acted/") for name in z.namelist()}
        assert z.read("acted/app/page0.tsx") == b"export default 1\n"
    assert names == set(await site.stage.store.tree(LOCAL_USER, project_id))


async def test_a_project_is_renamed_and_deleted(site: Site) -> None:
    project_id, _ = await site.finished()
    renamed = await site.http.patch(f"/api/projects/{project_id}", json={"title": "  Cats \n & dogs "})
    assert renamed.json()["title"] == "Cats & dogs"
    assert (await site.http.patch(f"/api/projects/{project_id}", json={"title": " "})).status_code == 422
    assert (await site.http.delete(f"/api/projects/{project_id}")).status_code == 204
    assert (await site.http.get(f"/api/projects/{project_id}/tree")).status_code == 404


async def test_waking_an_idle_project_starts_a_run(site: Site) -> None:
    project_id, run_id = await site.finished()
    answer = await site.http.post(f"/api/projects/{project_id}/wake")
    assert answer.status_code == 201
    assert answer.json()["run_id"] != run_id


async def test_an_image_is_sent_with_a_prompt(site: Site) -> None:
    image = {"name": "cat.png", "media_type": "image/png", "data": PNG}
    answer = await site.http.post("/api/projects", json={"prompt": "like this", "attachments": [image]})
    assert answer.status_code == 201
    view = await site.services.runs.view(LOCAL_USER, answer.json()["project_id"])
    assert view.runs[0].attachments[0].name == "cat.png"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"prompt": ""}, "empty"),
        ({"prompt": "a\0b"}, "NUL"),
        ({"prompt": "x" * 200_000}, "200,000"),
        ({"prompt": 7}, "cannot be understood"),
        ({}, "cannot be understood"),
        ({"prompt": "x", "surprise": 1}, "cannot be understood"),
        ({"prompt": "x", "run_id": "short"}, "cannot be understood"),
        ({"prompt": "x", "attachments": [{"name": "a", "media_type": "image/png", "data": "?"}]}, "did not arrive"),
    ],
)
async def test_input_that_cannot_be_used_is_answered_with_a_reason(site: Site, body: dict, told: str) -> None:
    answer = await site.http.post("/api/projects", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_input"
    assert told in answer.json()["error"]["message"]
    assert (await site.http.get("/api/projects")).json() == []


async def test_json_that_is_none_is_answered_with_a_reason(site: Site) -> None:
    headers = {"content-type": "application/json"}
    for content in (b"{", b'{"prompt": "\\ud800"}', b"\xff\xfe"):
        answer = await site.http.post("/api/projects", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api/projects/nope/tree",
        "/api/projects/nope/export.zip",
        "/api/projects/nope/versions/nope",
        f"/api/projects/nope/blobs/{'0' * 64}.jpg",
        "/api/projects/nope/file?file=../../etc/passwd",
    ],
)
async def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    answer = await site.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


async def test_source_code_is_never_served_as_a_picture(site: Site) -> None:
    project_id, _ = await site.finished()
    tree = await site.stage.store.tree(LOCAL_USER, project_id)
    answer = await site.http.get(f"/api/projects/{project_id}/blobs/{tree['app/page0.tsx']}.jpg")
    assert answer.status_code == 404


async def test_the_page_can_tell_who_writes_the_code_and_how_far_the_sandbox_is(site: Site) -> None:
    me = (await site.http.get("/api/me")).json()
    assert (me["provider"], me["demo"]) == ("demo", True)
    assert (await site.http.get("/healthz")).json()["ok"]
    site.services.setup.progress("Downloading packages", 0.5)
    state = (await site.http.get("/api/setup")).json()
    assert state == {"message": "Downloading packages", "fraction": 0.5, "error": None, "ready": False}
    async with site.http.stream("GET", "/api/setup/events") as response:
        seen = []
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                seen.append(line)
                site.services.setup.done("Ready")
    assert len(seen) == 2
    assert '"ready": true' in seen[1]
