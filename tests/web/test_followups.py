"""Prompts that wait for the run under way, and the ways back in time, as the page and any other client use them."""

from typing import Any

from backend.domain import RunStatus, User
from backend.web.limits import RATES, Rate, RateLimits
from backend.web.session import LOCAL_USER
from tests.runs.stage import until
from tests.web.conftest import Site
from tests.web.people import as_user
from tests.web.test_routes import PNG
from tests.web.test_shares import built

ADA = as_user("ada")
IMAGE = {"name": "cat.png", "media_type": "image/png", "data": PNG}


async def waiting(site: Site, person: dict[str, str], project_id: str) -> str:
    """A follow-up that waits for the person, since the run before it was stopped; no run is under way."""
    run = await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "and more"}, headers=person)
    body = {"prompt": "later", "attachments": [IMAGE]}
    added = await site.http.post(f"/api/projects/{project_id}/followups", json=body, headers=person)
    assert (await site.http.post(f"/api/runs/{run.json()['run_id']}/cancel", headers=person)).status_code == 200
    return added.json()["followup_id"]


async def view(site: Site, project_id: str) -> Any:
    return await site.services.runs.view(LOCAL_USER, project_id)


async def test_what_waits_is_added_changed_moved_removed_and_sent(site: Site) -> None:
    project_id, run_id = await site.start()
    where = f"/api/projects/{project_id}/followups"
    ids = []
    for prompt in ("one", "two", "three"):
        answer = await site.http.post(where, json={"prompt": prompt, "attachments": [IMAGE]})
        assert answer.status_code == 201
        told = answer.json()
        assert told == {"project_id": project_id, "followup_id": told["followup_id"], "run_id": None}
        ids.append(told["followup_id"])
    changed = await site.http.patch(f"/api/followups/{ids[0]}", json={"prompt": "first"})
    assert (changed.json()["prompt"], changed.json()["attachments"][0]["name"]) == ("first", "cat.png")
    assert (await site.http.post(f"/api/followups/{ids[2]}/move", json={"before": ids[0]})).status_code == 204
    assert (await site.http.post(f"/api/followups/{ids[0]}/move", json={"before": None})).status_code == 204
    for _ in range(2):
        assert (await site.http.delete(f"/api/followups/{ids[1]}")).status_code == 204
    now = await view(site, project_id)
    assert [(f.id, f.prompt) for f in now.followups] == [(ids[2], "three"), (ids[0], "first")]
    assert (await site.http.post(f"{where}/send")).json()["error"]["code"] == "busy"
    await site.http.post(f"/api/runs/{run_id}/cancel")
    assert (await view(site, project_id)).held == "stopped"
    sent = await site.http.post(f"{where}/send")
    assert (sent.status_code, sent.json()) == (200, {"project_id": project_id, "run_id": ids[2]})
    await site.http.post(f"/api/runs/{ids[2]}/cancel")
    await site.http.delete(f"/api/followups/{ids[0]}")
    assert (await site.http.post(f"{where}/send")).json() == {"project_id": project_id, "run_id": None}


async def test_with_nothing_to_wait_for_it_is_sent_at_once_and_once(site: Site) -> None:
    project_id, _ = await site.finished()
    body = {"prompt": "more", "run_id": "chosen-by-the-page"}
    answers = [(await site.http.post(f"/api/projects/{project_id}/followups", json=body)).json() for _ in range(2)]
    told = {"project_id": project_id, "followup_id": "chosen-by-the-page", "run_id": "chosen-by-the-page"}
    assert answers == [told, told]
    assert len((await view(site, project_id)).runs) == 2


async def test_what_cannot_wait_is_refused_with_a_reason(site: Site) -> None:
    project_id, _ = await site.start()
    where = f"/api/projects/{project_id}/followups"
    assert (await site.http.post(where, json={"prompt": " "})).status_code == 422
    added = (await site.http.post(where, json={"prompt": "more"})).json()["followup_id"]
    assert (await site.http.patch(f"/api/followups/{added}", json={"prompt": ""})).status_code == 422
    for path, body in (
        (f"/api/followups/{added}/move", {"before": "nope"}),
        ("/api/followups/nope/move", {"before": None}),
    ):
        assert (await site.http.post(path, json=body)).status_code == 404
    assert (await site.http.patch("/api/followups/nope", json={"prompt": "x"})).status_code == 404
    for n in range(19):
        assert (await site.http.post(where, json={"prompt": f"more {n}"})).status_code == 201
    full = await site.http.post(where, json={"prompt": "too much"})
    assert (full.status_code, full.json()["error"]["code"]) == (422, "invalid_input")
    assert "20" in full.json()["error"]["message"]


async def test_waiting_costs_nothing_and_is_bounded_as_prompts_are(town: Site) -> None:
    project_id = await built(town, ADA)
    before = (await town.http.get("/api/usage", headers=ADA)).json()["points_used"]
    await waiting(town, ADA, project_id)
    assert (await town.http.get("/api/usage", headers=ADA)).json()["points_used"] == before + 1, "of the run itself"
    town.services.limits = RateLimits({**RATES, "run": Rate(1, 60)})
    answers = [
        await town.http.post(f"/api/projects/{project_id}/followups", json={"prompt": "x"}, headers=ADA)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 429]


async def test_one_beyond_the_tier_is_refused_as_a_prompt_is_and_does_not_wait(town: Site) -> None:
    project_id = await built(town, ADA)
    assert (await town.http.post("/api/projects", json={"prompt": "another"}, headers=ADA)).status_code == 201
    answer = await town.http.post(f"/api/projects/{project_id}/followups", json={"prompt": "x"}, headers=ADA)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (429, "concurrent")
    assert answer.json()["error"]["upgrade_url"]
    assert (await town.services.runs.view(User(id="ada"), project_id)).followups == []


async def test_stop_can_take_back_what_the_run_wrote(site: Site) -> None:
    project_id, _ = await site.finished()
    head = (await view(site, project_id)).versions[0]
    before = await site.stage.store.tree(LOCAL_USER, project_id)
    run = await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "more"})
    site.stage.actor.text, site.stage.actor.pause_s = "half done", 0.05
    store, run_id = site.stage.store, run.json()["run_id"]
    async with site.stage.working():

        async def wrote() -> bool:
            return await store.tree(LOCAL_USER, project_id) != before

        await until(wrote, timeout_s=60)
        stopped = await site.http.post(f"/api/runs/{run_id}/cancel", json={"undo": True})
        assert (stopped.status_code, stopped.json()["status"]) == (200, "running")
        over = await site.stage.over(await store.run(LOCAL_USER, run_id), timeout_s=60)
    assert over.status is RunStatus.CANCELLED
    assert await store.tree(LOCAL_USER, project_id) == (await store.version(LOCAL_USER, head.id)).manifest


async def test_a_prompt_is_changed_and_sent_again_from_where_it_started(site: Site) -> None:
    project_id, run_id = await site.finished()
    starter = (await site.stage.store.versions(LOCAL_USER, project_id))[0]
    body = {"prompt": "another page", "resends": run_id}
    again = await site.http.post(f"/api/projects/{project_id}/runs", json=body)
    assert again.status_code == 201
    now = await view(site, project_id)
    assert [(r.resends, r.restore_id, r.set_aside) for r in now.runs] == [
        (None, None, False),
        (run_id, starter.id, False),
    ]
    await site.http.post(f"/api/runs/{again.json()['run_id']}/cancel")
    for resends, status in (("nope", 404), ("not an id", 422)):
        refused = await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "x", "resends": resends})
        assert refused.status_code == status
    assert (await site.http.post("/api/projects", json={"prompt": "x", "resends": run_id})).status_code == 422


async def test_a_project_is_copied_at_a_version_whatever_else_goes_on_in_it(site: Site) -> None:
    project_id, _ = await site.finished()
    version = (await view(site, project_id)).versions[0]
    await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "more"})
    edit = await site.http.post(f"/api/projects/{project_id}/edit", json={"files": {"app/page0.tsx": "mine"}})
    assert (edit.status_code, edit.json()["error"]["code"]) == (409, "busy")
    fork = await site.http.post(f"/api/projects/{project_id}/fork", json={"version_id": version.id})
    assert fork.status_code == 201
    copy = fork.json()
    assert copy["run_id"], "its preview wakes"
    tree = {f["path"]: f["sha256"] for f in (await site.http.get(f"/api/projects/{copy['project_id']}/tree")).json()}
    assert tree == (await site.stage.store.version(LOCAL_USER, version.id)).manifest
    cards = {c["id"]: c["title"] for c in (await site.http.get("/api/projects")).json()}
    assert cards == {project_id: "Acted", copy["project_id"]: "Acted (copy)"}
    other = await site.http.post(f"/api/projects/{copy['project_id']}/fork", json={"version_id": version.id})
    assert other.status_code == 404
