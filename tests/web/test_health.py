"""What the service tells those who look after it, and what it does not tell strangers."""

import asyncio
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.domain import OpenRun, RunKind, RunStatus, Unavailable, User
from backend.runs.stuck import lasting, why_stuck
from backend.web import health
from backend.web.api import create_api
from backend.web.session import LOCAL_USER
from tests.runs.stage import until
from tests.web.conftest import Site, served

SUPABASE = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x"}
FROM_OUTSIDE = [
    {"x-forwarded-for": "203.0.113.7"},
    {"forwarded": "for=203.0.113.7"},
    {"via": "1.1 proxy"},
    {"host": "codeflow.example.com"},
]


def readings(answer: httpx.Response) -> dict[str, float]:
    """`name{label=value,…}` → value."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_a_process_that_lives_says_so_and_is_ready_once_its_sandboxes_are(site: Site) -> None:
    assert (await site.http.get("/healthz")).json() == {"ok": True}
    site.services.setup.progress("Downloading packages", 0.5)
    unready = await site.http.get("/readyz")
    assert unready.status_code == 503
    assert unready.json() == {
        "error": {"code": "not_ready", "message": "Downloading packages", "store": True, "sandboxes": False}
    }
    site.services.setup.done("Ready")
    ready = await site.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ok": True, "store": True, "sandboxes": True})


async def test_a_store_that_does_not_answer_is_told_and_asked_only_so_often(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def gone(token: str) -> None:
        asked.append(token)
        raise Unavailable("The database at /secret/place is locked.")

    site.services.setup.done("Ready")
    monkeypatch.setattr(site.services.store, "open_share", gone)
    monkeypatch.setattr(health, "FRESH_S", 1000.0)
    answers = await asyncio.gather(*(site.http.get("/readyz") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["error"]["store"] for answer in answers} == {False}
    assert "secret" not in answers[0].text
    assert len(asked) == 1
    assert (await site.http.get("/healthz")).status_code == 200, "restarting the process would not mend the store"


async def test_metrics_count_what_a_run_did(site: Site) -> None:
    before = readings(await site.http.get("/metrics"))
    await site.finished()
    after = readings(await site.http.get("/metrics"))

    def grew(name: str) -> float:
        return round(after.get(name, 0) - before.get(name, 0), 6)

    assert grew("codeflow_runs_finished_total{kind=prompt,status=succeeded}") == 1
    assert grew("codeflow_run_seconds_count{kind=prompt,status=succeeded}") == 1
    assert grew("codeflow_run_sandbox_seconds_total{kind=prompt}") > 0
    assert grew("codeflow_step_seconds_count{kind=model,tool=}") == 3
    assert grew("codeflow_step_seconds_count{kind=check,tool=}") == 1
    assert grew("codeflow_check_seconds_count{level=types,passed=true}") == 1
    assert grew("codeflow_model_cost_dollars_total{model=actor}") == 0.0003
    assert after["codeflow_store_up"] == 1
    assert after["codeflow_queue_depth"] == 0


async def test_a_tool_that_is_not_there_is_counted_by_no_name_of_its_own(site: Site) -> None:
    """The actor calls its tools `write` and `run`, which the agents' are not called."""
    await site.finished()
    text = (await site.http.get("/metrics")).text
    assert 'tool="unknown"' in text
    assert 'tool="write"' not in text


async def test_metrics_tell_what_waits_and_who_watches(site: Site) -> None:
    project_id, _ = await site.start()
    waiting = readings(await site.http.get("/metrics"))
    assert waiting["codeflow_queue_depth"] == 1
    assert waiting["codeflow_runs_open{kind=prompt,status=queued}"] == 1
    assert waiting["codeflow_queue_oldest_seconds"] >= 0
    assert waiting["codeflow_leases_expired"] == 0
    watched = waiting["codeflow_event_streams"]
    async with site.http.stream("GET", f"/api/projects/{project_id}/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        assert readings(await site.http.get("/metrics"))["codeflow_event_streams"] == watched + 1

    async def left() -> bool:
        return readings(await site.http.get("/metrics"))["codeflow_event_streams"] == watched

    await until(left, timeout_s=60)


async def test_metrics_name_nobody_and_nothing_of_theirs(site: Site) -> None:
    project_id, run_id = await site.finished("a page for my secret cat")
    text = (await site.http.get("/metrics")).text
    assert not [word for word in (project_id, run_id, LOCAL_USER.id, "secret cat") if word in text]


async def test_without_a_token_metrics_are_for_this_machine_alone(site: Site) -> None:
    assert (await site.http.get("/metrics")).status_code == 200
    for headers in FROM_OUTSIDE[:3]:
        answer = await site.http.get("/metrics", headers=headers)
        assert answer.status_code == 401, headers
        assert "codeflow_" not in answer.text


async def test_with_a_token_metrics_are_for_who_brings_it(tmp_path: Path) -> None:
    async with served(tmp_path, create_api, CODEFLOW_METRICS_TOKEN="m3trics") as site:
        for authorization in (None, "Bearer", "Bearer nonsense", "Basic m3trics", "m3trics", "Bearer m3trics2"):
            headers = {"authorization": authorization} if authorization else {}
            assert (await site.http.get("/metrics", headers=headers)).status_code == 401, authorization
        answer = await site.http.get("/metrics", headers={"authorization": "bearer m3trics", **FROM_OUTSIDE[0]})
        assert answer.status_code == 200


async def test_strangers_of_many_users_service_hear_of_its_state_alone(tmp_path: Path) -> None:
    async with served(tmp_path, create_api, CODEFLOW_HOST="0.0.0.0", **SUPABASE) as site:
        site.services.setup.progress("Downloading 300 MB to /root", 0.5)
        told = {"code": "not_ready", "message": "The sandboxes are not ready.", "store": True, "sandboxes": False}
        assert (await site.http.get("/readyz")).json() == {"error": told}
        assert (await site.http.get("/healthz")).json() == {"ok": True}
        # From this machine, too: a proxy here that adds no header of its own looks no different.
        for headers in ({}, {"authorization": "Bearer x"}, *FROM_OUTSIDE):
            answer = await site.http.get("/metrics", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
            assert "CODEFLOW_METRICS_TOKEN" in answer.text


async def test_a_process_without_the_right_to_see_others_runs_tells_its_own_figures(tmp_path: Path) -> None:
    async with served(tmp_path, create_api, CODEFLOW_METRICS_TOKEN="m3trics", **SUPABASE) as site:
        told = readings(await site.http.get("/metrics", headers={"authorization": "Bearer m3trics"}))
        assert "codeflow_queue_depth" not in told
        assert "codeflow_event_streams" in told


async def test_sandboxes_on_this_machine_are_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "codeflow_sandboxes_max" not in readings(await site.http.get("/metrics")), "there is no host here"

    class Host:
        async def capacity(self) -> dict[str, int]:
            return {"running": 3, "paused": 0, "ready": 1, "max": 20}

    monkeypatch.setattr(site.services, "_host", Host())
    told = readings(await site.http.get("/metrics"))
    monkeypatch.undo()
    assert (told["codeflow_sandboxes{state=running}"], told["codeflow_sandboxes{state=ready}"]) == (3, 1)
    assert told["codeflow_sandboxes_max"] == 20


async def test_a_queue_that_cannot_be_read_leaves_the_other_figures(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(limit: int) -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(site.services.store, "open_runs", gone)
    told = readings(await site.http.get("/metrics"))
    assert told["codeflow_store_up"] == 0
    assert "codeflow_runs_open" not in told
    assert "codeflow_event_streams" in told


def open_run(**about: object) -> OpenRun:
    usual = {
        "id": "r1",
        "project_id": "p1",
        "owner": "ada",
        "kind": RunKind.PROMPT,
        "status": RunStatus.RUNNING,
        "attempt": 1,
        "cancel_requested": False,
        "waited_s": 5.0,
        "lease_s": 12.0,
        "worker": "w1",
    }
    return OpenRun.model_validate(usual | about)


@pytest.mark.parametrize(
    ("about", "reasons"),
    [
        ({}, []),
        ({"waited_s": 9000.0}, []),
        ({"lease_s": -300.0}, ["lease_expired"]),
        ({"status": "queued", "attempt": 0, "lease_s": None, "worker": None}, []),
        ({"status": "queued", "attempt": 0, "lease_s": None, "worker": None, "waited_s": 61.0}, ["no_worker"]),
        ({"attempt": 3}, ["attempts"]),
        ({"cancel_requested": True}, []),
        ({"cancel_requested": True, "waited_s": 11.0}, ["cancel_not_taken"]),
        (
            {"attempt": 8, "lease_s": -1.0, "cancel_requested": True, "waited_s": 90.0},
            ["lease_expired", "attempts", "cancel_not_taken"],
        ),
    ],
)
def test_a_run_is_stuck_for_a_reason(about: dict[str, object], reasons: list[str]) -> None:
    assert list(why_stuck(open_run(**about))) == reasons


def test_a_run_that_was_handed_back_is_told_apart_from_one_that_never_began() -> None:
    waiting = {"status": "queued", "lease_s": None, "worker": None, "waited_s": 61.0}
    assert why_stuck(open_run(attempt=0, **waiting))["no_worker"].startswith("queued")
    assert why_stuck(open_run(attempt=1, **waiting))["no_worker"].startswith("handed back")


def test_how_long_is_told_as_people_say_it() -> None:
    assert [lasting(s) for s in (8, 119, 300, 11_520, 181_440)] == ["8 s", "119 s", "5 min", "3.2 h", "2.1 days"]


async def test_a_lost_worker_is_seen_in_the_metrics(site: Site) -> None:
    _, run_id = await site.start()
    claimed = await site.stage.store.claim_run("w1", -30.0, run_id)
    assert claimed
    told = readings(await site.http.get("/metrics"))
    assert told["codeflow_leases_expired"] == 1
    assert told["codeflow_lease_expired_oldest_seconds"] >= 30
    assert told["codeflow_runs_stuck{reason=lease_expired}"] == 1
    assert told["codeflow_queue_depth"] == 1
    assert (await site.stage.store.run(User(id="local"), run_id)).status is RunStatus.RUNNING
