"""Prompts that wait, as the database keeps them: the journal's words, whose tier pays, and what is in nobody's way."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from backend.domain import MAX_FOLLOWUPS, MAX_FOLLOWUPS_CHARS, MAX_PROMPT_CHARS, Attachment, FollowUp, Hold
from backend.events import CancelRequested, FollowUpsChanged, RunQueued, event_adapter
from tests.policies.conftest import Connect
from tests.policies.crowds import at_once, member
from tests.policies.scene import Person, Scene, claim, follow, lease_of, run_finished, start
from tests.policies.session import Refused, Session, sha, text

IMAGE = b"\x89PNG of the follow-up"


def events(session: Session, person: Person, project: str = "project") -> list[dict[str, Any]]:
    session.act("postgres")
    rows = session.sql("select event from public.entries where project_id = %s order by seq", person.named(project))
    return [event for (event,) in rows]


def finish(session: Session, person: Person, run: str = "run", status: str = "succeeded") -> None:
    session.act("codeflow_worker")
    session.call("finish_run", **lease_of(person, run), p_event=run_finished(status))


def send_due(session: Session) -> list[str]:
    session.act("codeflow_worker")
    answer = session.call("send_due_followups")
    assert not answer["again"]
    return [row["id"] for row in answer["sent"]]


def hold(session: Session, person: Person, project: str = "project") -> str | None:
    session.act("postgres")
    return session.sql("select hold from public.projects where id = %s", person.named(project))[0][0]


def test_the_journals_words_are_those_that_code_would_write(session: Session, scene: Scene) -> None:
    victim = scene.victim
    image = [{"name": "a.png", "media_type": "image/png", "body": text(IMAGE)}]
    added = follow(session, victim, "second", p_attachments=image)
    told = events(session, victim)[-1]
    session.act("postgres")
    names = ", ".join(FollowUp.model_fields)
    rows = session.sql(
        f"select {names} from public.followups where project_id = %s order by position", victim.named("project")
    )
    followups = [FollowUp(**dict(zip(FollowUp.model_fields, row, strict=True))) for row in rows]
    assert followups[1].attachments == [Attachment(name="a.png", media_type="image/png", sha256=sha(IMAGE))]
    assert told == FollowUpsChanged(followups=followups).model_dump(mode="json")
    assert added["id"] == followups[1].id
    session.act("authenticated", victim.id)
    session.call("cancel_run", p_id=victim.named("run"), p_undo=True)
    requested, held = events(session, victim)[-2:]
    assert requested == CancelRequested(undo=True).model_dump(mode="json")
    assert held == FollowUpsChanged(followups=followups, held=Hold.STOPPED).model_dump(mode="json")
    finish(session, victim, status="cancelled")
    session.act("authenticated", victim.id)
    sent = session.call("send_followup", p_project=victim.named("project"), p_id=followups[0].id)
    assert sent["run"]["status"] == "queued"
    queued, rest = events(session, victim)[-2:]
    expected = RunQueued.model_validate({"kind": "prompt", "prompt": followups[0].prompt})
    assert queued == expected.model_dump(mode="json")
    assert rest == FollowUpsChanged(followups=followups[1:]).model_dump(mode="json")
    for event in (told, requested, held, queued, rest):
        event_adapter.validate_python(event)


def test_a_repeat_of_sending_never_sends_the_next_one_too(session: Session, scene: Scene) -> None:
    victim = scene.victim
    follow(session, victim, "second")
    finish(session, victim)
    session.act("authenticated", victim.id)
    first = {"p_project": victim.named("project"), "p_id": victim.named("followup")}
    assert session.call("send_followup", **{**first, "p_id": victim.named("second")}) is None
    sent = session.call("send_followup", **first)
    repeated = session.call("send_followup", **first)
    assert repeated == {**sent, "known": True}
    assert [f["id"] for f in events(session, victim)[-1]["followups"]] == [victim.named("second")]


@pytest.mark.parametrize("sent_by", ["person", "worker"])
def test_who_was_on_trial_when_asking_pays_as_such_when_a_worker_sends_it(
    session: Session, scene: Scene, sent_by: str
) -> None:
    session.sql("update public.tiers set points = 0 where id = 'anonymous'")
    victim = scene.victim
    session.act("authenticated", victim.id)
    session.call("remove_followup", p_id=victim.named("followup"))
    session.act("authenticated", victim.id, is_anonymous=True)
    session.call("add_followup", p_id="trial", p_project=victim.named("project"), p_prompt="x")
    finish(session, victim)
    if sent_by == "worker":
        assert send_due(session) == []
        assert hold(session, victim) == "limit"
    else:
        # They have signed up since, and are there to say so.
        session.act("authenticated", victim.id)
        assert session.call("send_followup", p_project=victim.named("project"), p_id="trial")["ok"]


@pytest.mark.parametrize("wrong", ["charged before", "without its image"])
def test_one_that_can_never_be_a_run_is_in_nobodys_way(session: Session, scene: Scene, wrong: str) -> None:
    for person in (scene.victim, scene.stranger):
        finish(session, person)
    session.act("postgres")
    followup = scene.victim.named("followup")
    if wrong == "charged before":
        session.sql(
            "insert into public.usage_ledger (run_id, kind, owner, at) values (%s, 'charge', %s, now())",
            followup,
            scene.victim.id,
        )
    else:
        image = [{"name": "a.png", "media_type": "image/png", "sha256": sha(IMAGE)}]
        session.sql("update public.followups set attachments = %s where id = %s", Jsonb(image), followup)
    assert send_due(session) == [scene.stranger.named("followup")]
    assert hold(session, scene.victim) == "failed"
    assert send_due(session) == []


def test_a_web_process_of_before_may_go_on_starting_and_stopping(session: Session, scene: Scene) -> None:
    """During a deployment: its calls name the arguments it knows."""
    victim = scene.victim
    session.act("authenticated", victim.id)
    known = {"p_attachments": [], "p_restore_id": None, "p_edits": {}}
    answer = session.call(
        "start_run", p_id="old", p_project=victim.named("idle"), p_kind="prompt", p_prompt="x", **known
    )
    assert answer["ok"]
    assert session.call("cancel_run", p_id="old")["status"] == "cancelled"


def test_workers_that_send_at_once_send_everyones_first_one_once(connect: Connect) -> None:
    with member(connect, "followed", 12) as person:
        with connect() as connection:
            session = Session(connection)
            for n in range(12):
                start(session, person, f"run-{n}", project=f"project-{n}")
                for followup in ("first", "second"):
                    follow(session, person, f"{followup}-{n}", project=f"project-{n}")
                claim(session, person, f"run-{n}")

        def finish_one(session: Session, n: int) -> list[str]:
            finish(session, person, f"run-{n}")
            return []

        def add(session: Session, n: int) -> list[str]:
            follow(session, person, f"late-{n}", project=f"project-{n}")
            return []

        tasks = [lambda s, n=n: (finish_one, add, _sent)[n % 3](s, n // 3) for n in range(36)]
        sent = [run for answer in at_once(connect, tasks) for run in answer]
        with connect() as connection:
            # Who was passed over, or ended later.
            sent += _sent(Session(connection))
            assert _sent(Session(connection)) == []
        assert sorted(sent) == sorted(person.named(f"first-{n}") for n in range(12))


def test_strangers_never_wait_for_a_project_nor_keep_it(connect: Connect) -> None:
    """Whose message it is comes before its project's lock."""
    with member(connect, "owner", 1) as person, member(connect, "prowler", 0) as stranger:
        with connect() as connection:
            session = Session(connection)
            start(session, person, "run", project="project-0")
            follow(session, person, "first", project="project-0")
        with connect() as owners, connect() as strangers:
            owners.execute("select from public.projects where id = %s for update", (person.named("project-0"),))
            strangers.execute("set lock_timeout = '5s'")
            session, message = Session(strangers), {"p_id": person.named("first")}
            session.act("authenticated", stranger.id)
            assert session.call("remove_followup", **message) is None
            assert session.refusal("change_followup", **message, p_prompt="x").hint == "not_found"
            strangers.rollback()


def _sent(session: Session, _: int = 0) -> list[str]:
    session.act("codeflow_worker")
    return [row["id"] for row in session.call("send_due_followups")["sent"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"p_id": "no id"},
        {"p_prompt": None},
        {"p_prompt": "x" * 100_001},
        {"p_attachments": [{"name": "a.svg", "media_type": "image/svg+xml", "body": ""}]},
        {"p_attachments": {}},
    ],
)
def test_what_cannot_wait_is_refused_in_words(session: Session, scene: Scene, wrong: dict[str, Any]) -> None:
    fine = {"p_id": "p", "p_project": scene.victim.named("project"), "p_prompt": "x"}
    session.act("authenticated", scene.victim.id)
    assert session.refusal("add_followup", **{**fine, **wrong}).hint == "invalid_input"


@pytest.mark.parametrize("function", ["add_followup", "change_followup"])
def test_only_so_much_text_waits_whoever_asks(session: Session, scene: Scene, function: str) -> None:
    victim = scene.victim
    session.act("authenticated", victim.id)
    where = {"p_project": victim.named("project")}
    session.call("add_followup", **where, p_id="most", p_prompt="x" * MAX_PROMPT_CHARS)
    session.call("add_followup", **where, p_id="little", p_prompt="x")
    given = {**where, "p_id": "late"} if function == "add_followup" else {"p_id": "little"}
    long = "x" * (MAX_FOLLOWUPS_CHARS - MAX_PROMPT_CHARS)
    assert session.refusal(function, **given, p_prompt=long).hint == "invalid_input"


def test_a_bound_holds_for_callers_without_the_page(session: Session, scene: Scene) -> None:
    victim = scene.victim
    for n in range(MAX_FOLLOWUPS - 1):
        follow(session, victim, f"more-{n}")
    answer = session.attempt_call("add_followup", p_id="late", p_project=victim.named("project"), p_prompt="x")
    assert isinstance(answer, Refused)
    assert answer.hint == "invalid_input"
