"""What people see of their account: what is left, what they can take along, and its end."""

import hashlib
import io
import json
import random
import tracemalloc
import zipfile
from urllib.parse import parse_qs, urlsplit

from backend.domain import User
from backend.web.account_export import export_account
from backend.web.limits import RATES, Rate, RateLimits
from backend.web.session import LOCAL_USER
from tests.web.conftest import UPGRADE, Site
from tests.web.people import as_user
from tests.web.test_followups import waiting
from tests.web.test_shares import built, opened, shared

ADA, EVE = as_user("ada"), as_user("eve")


async def test_each_prompt_takes_a_point_and_the_page_can_tell_what_is_left(town: Site) -> None:
    before = (await town.http.get("/api/usage", headers=ADA)).json()
    assert (before["tier"]["id"], before["points_used"], before["resets_at"]) == ("free", 0, None)
    await built(town, ADA)
    after = (await town.http.get("/api/usage", headers=ADA)).json()
    assert after["points_used"] == 1
    assert after["resets_at"]
    me = (await town.http.get("/api/me", headers=ADA)).json()
    assert (me["user"], me["email"], me["anonymous"], me["usage"]) == ("ada", "ada@example.com", False, after)
    assert (await town.http.get("/api/usage", headers=EVE)).json()["points_used"] == 0


async def test_a_limit_reached_says_which_when_it_ends_and_where_more_is(town: Site) -> None:
    first = await town.http.post("/api/projects", json={"prompt": "a page"}, headers=ADA)
    assert first.status_code == 201
    answer = await town.http.post("/api/projects", json={"prompt": "another"}, headers=ADA)
    assert answer.status_code == 429
    error = answer.json()["error"]
    assert (error["code"], error["kind"]) == ("limit_reached", "concurrent")
    assert error["message"]
    way = urlsplit(error["upgrade_url"])
    assert error["upgrade_url"].startswith(UPGRADE.partition("?")[0])
    assert parse_qs(way.query) == {"plan": ["month"], "client_reference_id": ["ada"]}
    assert len((await town.http.get("/api/projects", headers=ADA)).json()) == 1, "nothing is left of a refused prompt"


async def test_whoever_asks_too_often_waits_but_the_local_user_never(town: Site, site: Site) -> None:
    answers = [await town.http.post("/api/projects", json={"prompt": ""}, headers=ADA) for _ in range(31)]
    assert [a.status_code for a in answers] == [422] * 30 + [429]
    error = answers[-1].json()["error"]
    assert (error["kind"], error["upgrade_url"]) == ("rate", None)
    assert error["resets_at"]
    assert (await town.http.post("/api/projects", json={"prompt": ""}, headers=EVE)).status_code == 422
    local = [await site.http.post("/api/projects", json={"prompt": ""}) for _ in range(40)]
    assert {a.status_code for a in local} == {422}


async def test_the_page_without_sign_in_shows_no_account(site: Site) -> None:
    me = (await site.http.get("/api/me")).json()
    assert (me["user"], me["sign_in"], me["usage"], me["email"]) == (LOCAL_USER.id, False, None, None)
    assert (await site.http.get("/api/usage")).json()["tier"]["points"] is None


async def test_an_export_holds_everything_of_the_users_and_nothing_of_others(town: Site) -> None:
    project_id = await built(town, ADA, "a page for my cat")
    await shared(town, ADA, project_id, history=True)
    await waiting(town, ADA, project_id)
    await built(town, EVE, "eve's own page")
    answer = await town.http.get("/api/account/export.zip", headers=ADA)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as z:
        assert z.testzip() is None
        names = z.namelist()
        contents = {name: z.read(name) for name in names}
    assert not [name for name, body in contents.items() if b"eve's own page" in body]
    assert b"journal.jsonl" in contents["README.txt"]
    account = json.loads(contents["account.json"])
    assert account["user"] == {"id": "ada", "email": "ada@example.com", "anonymous": False}
    assert account["usage"]["points_used"] == 2
    root = f"projects/acted-{project_id}"
    project = json.loads(contents[f"{root}/project.json"])
    assert (project["title"], [share["history"] for share in project["shares"]]) == ("Acted", [True])
    waits = [json.loads(line) for line in contents[f"{root}/followups.jsonl"].splitlines()]
    assert [followup["prompt"] for followup in waits] == ["later"]
    versions = [json.loads(line) for line in contents[f"{root}/versions.jsonl"].splitlines()]
    assert [v["number"] for v in versions] == [0, 1]
    journal = [json.loads(line) for line in contents[f"{root}/journal.jsonl"].splitlines()]
    assert [e["seq"] for e in journal] == list(range(1, len(journal) + 1))
    assert journal[0]["event"]["prompt"] == "a page for my cat"
    assert contents[f"{root}/files/app/page0.tsx"] == b"export default 1\n"
    blobs = {name.rpartition("/")[2]: body for name, body in contents.items() if name.startswith(f"{root}/blobs/")}
    assert all(hashlib.sha256(body).hexdigest() == name for name, body in blobs.items())
    assert {*versions[0]["manifest"].values(), *versions[1]["manifest"].values()} <= blobs.keys()
    assert waits[0]["attachments"][0]["sha256"] in blobs
    assert versions[1]["report"]["screenshot_sha256"] in blobs


async def test_a_large_account_is_exported_without_holding_it_in_memory(town: Site) -> None:
    user, megabytes = User(id="ada"), 40
    files = {f"{n}.bin": random.Random(n).randbytes(1_000_000) for n in range(megabytes)}
    await town.stage.store.create_project(user, "Large", files)
    sent = 0
    tracemalloc.start()
    try:
        async for piece in export_account(town.stage.store, user):
            sent += len(piece)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent > megabytes * 1_000_000
    assert most < megabytes * 1_000_000 / 2


async def test_an_empty_account_can_be_taken_along_too(town: Site) -> None:
    answer = await town.http.get("/api/account/export.zip", headers=EVE)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as z:
        assert z.namelist() == ["README.txt", "account.json"]


async def test_a_deleted_account_leaves_nothing_neither_links_nor_sandboxes(town: Site) -> None:
    project_id = await built(town, ADA)
    link, _ = await shared(town, ADA, project_id)
    sandbox_id = town.stage.workspaces.opened[0].sandbox_id
    for confirm in ("", "eve@example.com", "DELET"):
        refused = await town.http.request("DELETE", "/api/account", json={"confirm": confirm}, headers=ADA)
        assert refused.status_code == 422
        assert "ada@example.com" in refused.json()["error"]["message"]
    assert (await opened(town, link)).status_code == 200
    gone = await town.http.request("DELETE", "/api/account", json={"confirm": " Ada@example.com"}, headers=ADA)
    assert gone.status_code == 204
    assert (await opened(town, link)).status_code == 404
    assert (await town.http.get(f"/api/projects/{project_id}/tree", headers=ADA)).status_code == 404
    assert not await town.stage.workspaces.alive(sandbox_id)


async def test_copies_of_everything_are_made_only_so_often(town: Site) -> None:
    town.services.limits = RateLimits({**RATES, "download": Rate(2, 60)})
    ada, eve = as_user("ada"), as_user("eve")
    answers = [await town.http.get("/api/account/export.zip", headers=ada) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (await town.http.get("/api/account/export.zip", headers=eve)).status_code == 200
