"""The live stream: what a page sees is the journal, without gap or repeat."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from backend.events import Entry, LogLines
from backend.runs import watching
from backend.views import ProjectView, fold
from backend.web.session import LOCAL_USER
from backend.web.streams import MAX_STREAMS
from tests.runs.stage import until
from tests.web.conftest import Site
from tests.web.people import as_user, ends_in
from tests.web.sse import messages

ADA, EVE = as_user("ada"), as_user("eve")


async def test_a_page_that_opens_gets_the_view_and_then_what_follows_until_the_end(site: Site) -> None:
    project_id, run_id = await site.start()
    site.stage.actor.pause_s = 0.08
    view: ProjectView | None = None
    texts: list[str] = []
    async with site.stage.working(), aclosing(messages(site.http, f"/api/projects/{project_id}/events")) as stream:
        async for _, data in stream:
            if view is None:
                view = ProjectView.model_validate(data["view"])
                continue
            for entry in data["entries"]:
                fold(view, Entry.model_validate(entry))
            texts += [d["text"] for _, frame in data["frames"] for d in frame["deltas"]]
            if view.runs[0].status.over:
                break
    assert view
    assert view == await site.services.runs.view(LOCAL_USER, project_id)
    assert texts, "the answer is seen while it is still being given"
    assert view.runs[0].id == run_id


async def test_a_project_whose_page_is_open_is_looked_at(site: Site) -> None:
    project_id, run_id = await site.start()
    async with site.stage.working(), aclosing(messages(site.http, f"/api/projects/{project_id}/events")) as stream:
        await anext(stream)
        while not (await site.services.store.run(LOCAL_USER, run_id)).status.over:
            await anext(stream)
    [preview] = await site.services.store.previews()
    assert preview.looked_s is not None


async def test_a_page_that_loses_its_connection_again_and_again_misses_and_repeats_nothing(site: Site) -> None:
    project_id, _ = await site.start()
    site.stage.actor.pause_s = 0.01
    seen: list[dict[str, Any]] = []
    last = "0"
    over = False
    async with site.stage.working():
        while not over:
            url = f"/api/projects/{project_id}/events?after=0"
            async with aclosing(messages(site.http, url, last_id=last if seen else None)) as stream:
                async for at, data in stream:
                    seen += data["entries"]
                    last = at
                    over = bool(seen) and seen[-1]["event"]["type"] == "run.finished"
                    break
    stored = await site.stage.store.entries(LOCAL_USER, project_id)
    assert [e["seq"] for e in seen] == [e.seq for e in stored]
    assert [e["seq"] for e in seen] == list(range(1, len(seen) + 1))


async def test_an_unknown_project_is_told_before_the_stream_begins(site: Site) -> None:
    for url in ("/api/projects/nope/events", "/api/projects/nope/events?after=3"):
        answer = await site.http.get(url)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


async def test_a_deleted_project_ends_its_stream(site: Site) -> None:
    project_id, _ = await site.finished()
    async with site.http.stream("GET", f"/api/projects/{project_id}/events") as response:
        lines = response.aiter_lines()
        async for line in lines:
            if line.startswith("data: "):
                break
        assert (await site.http.delete(f"/api/projects/{project_id}")).status_code == 204
        rest = [line async for line in lines]
    assert "event: gone" in rest


async def test_a_stream_ends_with_its_session_and_the_next_one_goes_on_where_it_was(town: Site) -> None:
    project_id = (await town.http.post("/api/projects", json={"prompt": "a page"}, headers=ADA)).json()["project_id"]
    url = f"/api/projects/{project_id}/events?after=0"
    async with town.http.stream("GET", url, headers=ends_in(ADA, 0.5)) as response:
        lines = [line async for line in response.aiter_lines()]
    assert "event: gone" not in lines
    seqs = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]
    assert seqs == ["1"]
    town.stage.actor.pause_s = 0.0
    async with town.stage.working(), aclosing(messages(town.http, url, last_id=seqs[-1], headers=ADA)) as stream:
        async for _, data in stream:
            assert data["entries"][0]["seq"] == 2
            break


async def test_a_page_that_takes_nothing_for_a_while_holds_up_nobody_and_gets_it_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WAITING", 20)
    project_id, _ = await site.start()
    claimed = await site.stage.store.claim_run("w", 600)
    assert claimed
    url = f"/api/projects/{project_id}/events?after=0"
    last = 2 + 600
    async with aclosing(messages(site.http, url)) as slow, aclosing(messages(site.http, url)) as quick:
        held_up = [entry["seq"] for entry in (await anext(slow))[1]["entries"]]
        for _ in range(20):
            # More in all than fits on the way from the server to a page.
            await site.stage.store.append(claimed[2], [LogLines(source="dev", lines=["-" * 10_000])] * 30)
        assert await _seqs(quick, last) == list(range(1, last + 1))
        assert held_up + await _seqs(slow, last) == list(range(1, last + 1))


async def _seqs(stream: AsyncIterator[tuple[str, Any]], last: int) -> list[int]:
    seqs: list[int] = []
    async for _, data in stream:
        seqs += [entry["seq"] for entry in data["entries"]]
        if seqs[-1] == last:
            break
    return seqs


async def test_one_user_holds_no_more_than_so_many_streams_and_others_do_not_mind(town: Site) -> None:
    ids: dict[str, str] = {}
    reading: list[AsyncIterator[str]] = []
    for name, person in (("ada", ADA), ("eve", EVE)):
        answer = await town.http.post("/api/projects", json={"prompt": "a page"}, headers=person)
        ids[name] = f"/api/projects/{answer.json()['project_id']}/events"
    async with AsyncExitStack() as open_:
        for _ in range(MAX_STREAMS):
            lines = (await open_.enter_async_context(town.http.stream("GET", ids["ada"], headers=ADA))).aiter_lines()
            await anext(lines)
            reading.append(lines)
        refused = await town.http.get(ids["ada"], headers=ADA)
        assert (refused.status_code, refused.json()["error"]["kind"]) == (429, "rate")
        async with town.http.stream("GET", ids["eve"], headers=EVE) as response:
            assert response.status_code == 200

    async def room() -> bool:
        async with town.http.stream("GET", ids["ada"], headers=ADA) as response:
            return response.status_code == 200

    await until(room)
