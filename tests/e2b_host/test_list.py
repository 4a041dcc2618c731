"""Lists of sandboxes and snapshots: filters, order, pages."""

from collections.abc import Iterator

import httpx
import pytest
from e2b import Sandbox, SandboxQuery, SandboxState

from .conftest import Host

pytestmark = pytest.mark.sandbox
BATCH = {"batch": "list"}


@pytest.fixture(scope="module")
def api(host: Host) -> Iterator[httpx.Client]:
    with host.api() as client:
        yield client


@pytest.fixture(scope="module")
def three(host: Host) -> Iterator[list[Sandbox]]:
    """The last one is paused."""
    made = [host.create(metadata={**BATCH, "number": str(number)}) for number in range(3)]
    made[2].pause()
    yield made
    for sandbox in made:
        sandbox.kill()


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["sandboxID"] for one in answer.json()]


def ids(sandboxes: list[Sandbox]) -> list[str]:
    return [sandbox.sandbox_id for sandbox in sandboxes]


def test_state_and_metadata_choose(host: Host, three: list[Sandbox]) -> None:
    def found(**query: object) -> list[str]:
        pages = Sandbox.list(query=SandboxQuery(metadata=BATCH, **query), **host.connection)  # pyright: ignore[reportArgumentType]
        return [one.sandbox_id for one in pages.next_items()]

    assert found() == ids(three)[::-1]
    assert found(state=[SandboxState.PAUSED]) == ids(three[2:])
    assert found(state=[SandboxState.RUNNING]) == ids(three[:2])[::-1]
    assert found(template="web") == []


def test_pages_do_not_shift_when_sandboxes_come_and_go(host: Host, three: list[Sandbox], api: httpx.Client) -> None:
    query = {"metadata": "batch=list", "limit": "1"}
    first = api.get("/v2/sandboxes", params=query)
    late = host.create(metadata=BATCH)
    second = api.get("/v2/sandboxes", params={**query, "nextToken": first.headers["x-next-token"]})
    late.kill()
    third = api.get("/v2/sandboxes", params={**query, "nextToken": second.headers["x-next-token"]})
    assert names(first) + names(second) + names(third) == ids(three)[::-1]
    assert "x-next-token" not in third.headers


def test_order_and_start_are_asked_for(three: list[Sandbox], api: httpx.Client) -> None:
    query = {"metadata": "batch=list", "order": "asc"}
    assert names(api.get("/v2/sandboxes", params=query)) == ids(three)
    started = three[1].get_info().started_at.isoformat()
    assert names(api.get("/v2/sandboxes", params={**query, "startedAfter": started})) == ids(three[1:])


def test_older_clients_list_only_what_runs(three: list[Sandbox], api: httpx.Client) -> None:
    assert names(api.get("/sandboxes", params={"metadata": "batch=list"})) == ids(three[:2])[::-1]


@pytest.mark.parametrize("wrong", ["limit=none", "limit=0", "nextToken=none", "startedAfter=soon", "state=happy"])
def test_question_that_makes_no_sense_is_refused(api: httpx.Client, wrong: str) -> None:
    refused = api.get(f"/v2/sandboxes?{wrong}")
    assert refused.status_code == 400
    assert refused.json()["code"] == 400
    assert wrong.partition("=")[0] in refused.json()["message"]


def test_snapshots_are_listed_by_source_and_name_and_forgotten(host: Host, sandbox: Sandbox) -> None:
    plain, named = sandbox.create_snapshot(), sandbox.create_snapshot(name="kept")
    pages = Sandbox.list_snapshots(sandbox_id=sandbox.sandbox_id, limit=1, **host.connection)
    found = [pages.next_items()[0].snapshot_id, pages.next_items()[0].snapshot_id]
    assert (found, pages.has_next) == ([named.snapshot_id, plain.snapshot_id], False)
    by_name = Sandbox.list_snapshots(name="kept", **host.connection).next_items()
    assert [one.snapshot_id for one in by_name] == [named.snapshot_id]
    for snapshot in (plain, named):
        assert Sandbox.delete_snapshot(snapshot.snapshot_id, **host.connection)
    assert not Sandbox.delete_snapshot(plain.snapshot_id, **host.connection)


def test_templates_are_listed_and_found_by_alias(host: Host, api: httpx.Client) -> None:
    assert {one["templateID"] for one in api.get("/templates").json()} == {"base", "web"}
    assert api.get("/templates/aliases/web").json()["templateID"] == "web"
    assert api.get("/templates/aliases/nope").status_code == 404
    assert api.delete("/templates/web").status_code == 403
    assert "--template" in api.post("/v3/templates", json={"name": "x"}).json()["message"]
