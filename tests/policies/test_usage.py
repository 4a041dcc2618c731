"""What a user may spend is exact, however many ask at once, and booked once."""

from typing import Any

import pytest

from tests.policies.scene import Person, Scene, claim, lease_of, run_finished, start
from tests.policies.session import Session


def usage(session: Session, person: Person) -> dict[str, Any]:
    session.act("authenticated", person.id)
    return session.call("usage")


def finish(session: Session, person: Person, run: str, status: str, cost_micros: int = 0) -> Any:
    session.act("codeflow_worker")
    return session.call("finish_run", **lease_of(person, run), p_event=run_finished(status, cost_micros))


@pytest.fixture
def person(session: Session, scene: Scene) -> Person:
    """On the free tier, with a project."""
    session.act("authenticated", scene.newcomer.id)
    session.call(
        "create_project",
        p_id=scene.newcomer.named("project"),
        p_version_id=scene.newcomer.named("starter"),
        p_title="x",
        p_files={},
    )
    return scene.newcomer


def failing(session: Session, person: Person, run: str) -> Any:
    start(session, person, run)
    claim(session, person, run)
    return finish(session, person, run, "failed")


# Limits


def test_a_tier_that_was_deleted_starts_nothing(session: Session, person: Person) -> None:
    session.act("postgres")
    session.sql("delete from public.tiers where id = 'anonymous'")
    session.act("authenticated", person.id, is_anonymous=True)
    asked = {"p_project": person.named("project"), "p_prompt": "x"}
    for kind in ("prompt", "wake"):
        assert session.refusal("start_run", p_id=f"by-{kind}", p_kind=kind, **asked).hint == "not_found"


def test_a_spent_budget_refuses_the_next_prompt_and_says_until_when(session: Session, person: Person) -> None:
    start(session, person, "dear")
    claim(session, person, "dear")
    finish(session, person, "dear", "succeeded", 2_000_000)
    spent = usage(session, person)
    answer = start(session, person, "next")
    assert answer == {"ok": False, "kind": "budget", "limit": 2_000_000, "resets_at": spent["spent_resets_at"]}
    assert usage(session, person)["points_used"] == 1
    assert start(session, person, "by-hand", kind="edit")["ok"]


def test_a_window_that_is_over_begins_anew_with_the_next_prompt(session: Session, person: Person) -> None:
    start(session, person, "first")
    session.act("postgres")
    session.sql("update public.runs set status = 'succeeded' where id = %s", person.named("first"))
    session.sql(
        "update public.usage_counters set used = 10, resets_at = now() - interval '1 second' where owner = %s",
        person.id,
    )
    assert usage(session, person)["points_used"] == 0
    assert start(session, person, "second")["ok"]
    after = usage(session, person)
    assert (after["points_used"], after["resets_at"] is not None) == (1, True)


def test_a_user_on_trial_has_the_trials_tier_whatever_the_profile_says(session: Session, scene: Scene) -> None:
    session.act("authenticated", scene.victim.id, is_anonymous=True)
    assert session.call("usage")["tier"]["id"] == "anonymous"
    session.act("authenticated", scene.victim.id, is_anonymous=False)
    assert session.call("usage")["tier"]["id"] == "pro"


def test_only_prompts_take_points_and_places(session: Session, person: Person) -> None:
    start(session, person, "edit", kind="edit")
    now = usage(session, person)
    assert (now["points_used"], now["active"]) == (0, 0)


def test_a_dead_workers_run_and_one_nobody_came_for_hold_no_place(session: Session, person: Person) -> None:
    start(session, person, "run")
    assert usage(session, person)["active"] == 1
    session.act("postgres")
    session.sql("update public.runs set created_at = now() - interval '3 minutes' where id = %s", person.named("run"))
    assert usage(session, person)["active"] == 0
    claim(session, person, "run", lease_s=60)
    assert usage(session, person)["active"] == 1
    session.act("postgres")
    session.sql("update public.runs set lease_until = now() - interval '1 second' where id = %s", person.named("run"))
    assert usage(session, person)["active"] == 0


def test_the_runs_cap_is_its_tiers_when_it_started(session: Session, person: Person) -> None:
    run = start(session, person, "run")["run"]
    assert run["budget_micros"] == usage(session, person)["tier"]["run_budget_micros"] == 500_000


# Giving back


def test_a_failed_runs_point_is_given_back_once(session: Session, person: Person) -> None:
    assert failing(session, person, "run") is True
    assert finish(session, person, "run", "failed") is False
    assert usage(session, person)["points_used"] == 0


def test_a_point_goes_back_only_into_the_window_it_came_from(session: Session, person: Person) -> None:
    start(session, person, "run")
    claim(session, person, "run")
    session.act("postgres")
    session.sql("update public.usage_counters set window_id = 'the next', used = 4 where owner = %s", person.id)
    finish(session, person, "run", "failed")
    assert usage(session, person)["points_used"] == 4


def test_a_cancelled_run_gives_nothing_back_and_what_it_cost_is_booked(session: Session, person: Person) -> None:
    start(session, person, "run")
    lease = claim(session, person, "run", lease_s=-1)
    session.call("append_events", **lease, p_events=[{"type": "model.finished", "cost_micros": 300}])
    session.act("authenticated", person.id)
    assert session.call("cancel_run", p_id=person.named("run"))["status"] == "cancelled"
    now = usage(session, person)
    assert (now["points_used"], now["spent_micros"]) == (1, 300)


def test_the_cost_is_booked_once(session: Session, person: Person) -> None:
    start(session, person, "run")
    claim(session, person, "run")
    for _ in range(3):
        finish(session, person, "run", "succeeded", 120)
    assert usage(session, person)["spent_micros"] == 120


# Coming and going


def test_a_user_from_before_the_migrations_gets_a_profile_at_first_sight(session: Session, scene: Scene) -> None:
    session.sql("delete from public.profiles where id = %s", scene.newcomer.id)
    assert usage(session, scene.newcomer)["tier"]["id"] == "free"
    session.call("create_project", p_id="first", p_version_id="first", p_title="x", p_files={})
    assert session.sql("select id::text, tier from public.profiles") == [(scene.newcomer.id, "free")]


def test_what_was_spent_outlives_the_project_and_its_run_cannot_be_started_again(
    session: Session, person: Person
) -> None:
    start(session, person, "run")
    claim(session, person, "run")
    finish(session, person, "run", "succeeded", 120)
    session.act("authenticated", person.id)
    session.call("delete_project", p_id=person.named("project"))
    assert usage(session, person)["spent_micros"] == 120
    session.call("create_project", p_id="another", p_version_id="another", p_title="x", p_files={})
    again = {"p_id": person.named("run"), "p_project": "another", "p_kind": "prompt", "p_prompt": "x"}
    refused = session.refusal("start_run", **again)
    assert refused.hint == "not_found"
    assert usage(session, person)["points_used"] == 1


def test_a_deleted_account_leaves_nothing_and_names_its_sandboxes(session: Session, scene: Scene) -> None:
    session.act("authenticated", scene.victim.id)
    assert session.call("delete_account") == [scene.victim.named("sandbox")]
    session.act("postgres")
    assert session.sql("select count(*) from auth.users where id = %s", scene.victim.id) == [(0,)]
    assert session.sql("select count(*) from public.usage_ledger where owner = %s", scene.victim.id) == [(0,)]
    assert scene.digest(session) is None
    session.act("authenticated", scene.victim.id)
    token = session.refusal("create_project", p_id="x", p_version_id="x", p_title="x", p_files={})
    assert (token.code, token.hint) == ("PT401", "not_signed_in")
