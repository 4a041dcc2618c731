"""A link to a version: what its owner does with it, and what a stranger who has it can."""

from urllib.parse import urlsplit

import httpx

from backend.domain import ShareState
from backend.web.limits import RATES, Rate, RateLimits
from backend.web.session import LOCAL_USER
from tests.runs.stage import until
from tests.web.conftest import Site
from tests.web.people import as_user

ADA, EVE = as_user("ada"), as_user("eve")


async def built(town: Site, person: dict[str, str], prompt: str = "a page for my cat") -> str:
    """A project with a verified version."""
    answer = await town.http.post("/api/projects", json={"prompt": prompt}, headers=person)
    assert answer.status_code == 201, answer.text
    project_id = answer.json()["project_id"]

    async def over() -> bool:
        cards = (await town.http.get("/api/projects", headers=person)).json()
        return not any(card["active"] for card in cards)

    async with town.stage.working():
        await until(over, 20)
    return project_id


async def shared(town: Site, person: dict[str, str], project_id: str, **wish: object) -> tuple[str, dict]:
    """The link's path and the share."""
    answer = await town.http.post(f"/api/projects/{project_id}/shares", json=wish, headers=person)
    assert answer.status_code == 201, answer.text
    return urlsplit(answer.json()["url"]).path, answer.json()["share"]


async def opened(town: Site, link: str) -> httpx.Response:
    return await town.http.get(link.replace("/s/", "/api/shared/"))


async def test_a_link_shows_a_stranger_the_version_and_its_picture(town: Site) -> None:
    project_id = await built(town, ADA)
    link, share = await shared(town, ADA, project_id)
    answer = await opened(town, link)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["title"], told["version_number"], told["state"], told["prompts"]) == ("Acted", 1, "off", [])
    assert told["screenshot"]
    picture = await town.http.get(f"{link}/picture.jpg")
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8\xff")
    listed = (await town.http.get(f"/api/projects/{project_id}/shares", headers=ADA)).json()
    assert listed == [share]
    assert link.removeprefix("/s/") not in str(listed), "the token is told once"


async def test_prompts_are_shown_only_if_the_owner_allows(town: Site) -> None:
    project_id = await built(town, ADA, "a page for my secret cat")
    closed, _ = await shared(town, ADA, project_id, history=False)
    open_, _ = await shared(town, ADA, project_id, history=True)
    hidden = await opened(town, closed)
    assert hidden.json()["prompts"] == []
    assert "secret" not in hidden.text
    assert (await opened(town, open_)).json()["prompts"] == ["a page for my secret cat"]


async def test_a_stranger_wakes_the_preview_and_it_is_not_the_owners_sandbox(town: Site) -> None:
    project_id = await built(town, ADA)
    link, _ = await shared(town, ADA, project_id)
    woken = await town.http.post(link.replace("/s/", "/api/shared/") + "/wake")
    assert woken.status_code == 200
    assert woken.json()["state"] == ShareState.WAKING

    async def ready() -> bool:
        return (await opened(town, link)).json()["state"] == ShareState.READY

    async with town.stage.working():
        await until(ready, 20)
    seen = (await opened(town, link)).json()["preview_url"]
    owners = town.stage.workspaces.opened[0].preview_url
    assert seen
    assert seen != owners
    again = await town.http.post(link.replace("/s/", "/api/shared/") + "/wake")
    assert again.json()["preview_url"] == seen, "what is up is not started again"


async def test_a_revoked_link_is_dead_at_once_and_its_preview_with_it(town: Site) -> None:
    project_id = await built(town, ADA)
    link, share = await shared(town, ADA, project_id)
    await town.http.post(link.replace("/s/", "/api/shared/") + "/wake")

    async def ready() -> bool:
        return (await opened(town, link)).json()["state"] == ShareState.READY

    async with town.stage.working():
        await until(ready, 20)
    preview = town.stage.workspaces.opened[-1].sandbox_id
    assert await town.stage.workspaces.alive(preview)
    assert (await town.http.delete(f"/api/shares/{share['id']}", headers=EVE)).status_code == 404
    assert (await opened(town, link)).status_code == 200
    for _ in range(2):
        assert (await town.http.delete(f"/api/shares/{share['id']}", headers=ADA)).status_code == 204
    assert not await town.stage.workspaces.alive(preview)
    for path in ("", "/wake", "/remix"):
        method = "POST" if path else "GET"
        answer = await town.http.request(method, link.replace("/s/", "/api/shared/") + path, headers=EVE)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert (await town.http.get(f"{link}/picture.jpg")).status_code == 404


async def test_a_remix_is_the_visitors_own_project_with_the_same_files(town: Site) -> None:
    project_id = await built(town, ADA)
    link, _ = await shared(town, ADA, project_id)
    remix = link.replace("/s/", "/api/shared/") + "/remix"
    stranger = await town.http.post(remix)
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "not_signed_in")
    answer = await town.http.post(remix, headers=EVE)
    assert answer.status_code == 201
    own = answer.json()["project_id"]
    assert own != project_id
    mine = (await town.http.get(f"/api/projects/{own}/tree", headers=EVE)).json()
    theirs = (await town.http.get(f"/api/projects/{project_id}/tree", headers=ADA)).json()
    assert {f["path"]: f["sha256"] for f in mine} == {f["path"]: f["sha256"] for f in theirs}
    assert (await town.http.get(f"/api/projects/{own}/tree", headers=ADA)).status_code == 404


async def test_a_link_outlives_later_changes_and_names_the_version_it_was_made_of(town: Site) -> None:
    project_id = await built(town, ADA)
    _, first = await shared(town, ADA, project_id)
    link, _ = await shared(town, ADA, project_id, version_id=first["version_id"])
    edit = {"files": {"app/page0.tsx": "export default 2\n"}}
    assert (await town.http.post(f"/api/projects/{project_id}/edit", json=edit, headers=ADA)).status_code == 201

    async def committed() -> bool:
        [card] = (await town.http.get("/api/projects", headers=ADA)).json()
        return card["versions"] == 2

    async with town.stage.working():
        await until(committed, 20)
    assert (await opened(town, link)).json()["version_number"] == 1
    _, newest = await shared(town, ADA, project_id)
    assert newest["version_number"] == 2, "without a version it is the one that is current"


async def test_a_visitor_who_looks_or_wakes_too_often_waits(town: Site) -> None:
    project_id = await built(town, ADA)
    link, _ = await shared(town, ADA, project_id)
    town.services.limits = RateLimits({**RATES, "look": Rate(3, 60), "wake": Rate(1, 60)})
    looks = [await opened(town, link) for _ in range(4)]
    assert [answer.status_code for answer in looks] == [200, 200, 200, 429]
    assert looks[-1].json()["error"]["kind"] == "rate"
    assert (await town.http.get(f"{link}/picture.jpg")).status_code == 429
    wakes = [await town.http.post(link.replace("/s/", "/api/shared/") + "/wake") for _ in range(2)]
    assert [answer.status_code for answer in wakes] == [200, 429]


async def test_a_link_leads_where_people_reach_the_page(town: Site) -> None:
    project_id = await built(town, ADA)
    proxied = {**ADA, "x-forwarded-host": "me.example", "x-forwarded-proto": "https"}
    answer = await town.http.post(f"/api/projects/{project_id}/shares", json={}, headers=proxied)
    assert answer.json()["url"].startswith("https://me.example/s/")


async def test_the_one_user_without_sign_in_shares_too(site: Site) -> None:
    project_id, _ = await site.finished()
    answer = await site.http.post(f"/api/projects/{project_id}/shares", json={"history": True})
    assert answer.status_code == 201
    token = urlsplit(answer.json()["url"]).path.removeprefix("/s/")
    assert (await site.http.get(f"/api/shared/{token}")).json()["prompts"] == ["a page"]
    assert (await site.http.post(f"/api/shared/{token}/remix")).status_code == 201
    assert len(await site.stage.store.projects(LOCAL_USER)) == 2


async def test_a_remix_for_whose_preview_there_is_no_room_is_made_all_the_same(town: Site) -> None:
    link, _ = await shared(town, ADA, await built(town, ADA))
    for _ in range(11):
        answer = await town.http.post(link.replace("/s/", "/api/shared/") + "/remix", headers=EVE)
        assert answer.status_code == 201, answer.text
    cards = (await town.http.get("/api/projects", headers=EVE)).json()
    assert sorted(card["active"] for card in cards) == [False, *[True] * 10]
    asleep = next(card["id"] for card in cards if not card["active"])
    refused = await town.http.post(f"/api/projects/{asleep}/wake", headers=EVE)
    assert (refused.status_code, refused.json()["error"]["kind"]) == (429, "previews")
