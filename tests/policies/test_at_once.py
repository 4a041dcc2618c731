"""Many at once on real connections: limits hold, what is sent twice counts once, and nobody waits for each other for ever."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.policies.conftest import Connect
from tests.policies.crowds import at_once, member, wait_until_blocked
from tests.policies.scene import WEBHOOK_SECRET, Person, claim, lease_of, run_finished, start
from tests.policies.session import Refused, Session, sha
from tests.policies.test_billing import CHECKOUT, event, send, tier
from tests.policies.test_usage import usage


@pytest.fixture
def webhook(connect: Connect) -> Iterator[None]:
    with connect() as connection:
        before = connection.execute("delete from public.app_secrets returning name, value").fetchall()
        connection.execute("insert into public.app_secrets values ('billing_webhook', %s)", (WEBHOOK_SECRET,))
    yield
    with connect() as connection:
        connection.execute("delete from public.app_secrets")
        connection.cursor().executemany("insert into public.app_secrets values (%s, %s)", before)


def test_of_a_hundred_starts_at_once_as_many_pass_as_there_are_points(connect: Connect) -> None:
    with member(connect, "points", 100, points=7) as person:
        answers = at_once(
            connect,
            [lambda s, n=n: start(s, person, f"run-{n}", project=f"project-{n}") for n in range(100)],
        )
        refused = [answer for answer in answers if not answer["ok"]]
        assert len(answers) - len(refused) == 7
        assert {(answer["kind"], answer["limit"]) for answer in refused} == {("points", 7)}
        assert len({answer["resets_at"] for answer in refused}) == 1
        with connect() as connection:
            session = Session(connection)
            assert usage(session, person)["points_used"] == 7
            session.act("postgres")
            assert session.sql("select sum(points) from public.usage_ledger where owner = %s", person.id) == [(7,)]
            assert session.sql("select count(*) from public.runs where owner = %s", person.id) == [(7,)]


def test_of_a_hundred_starts_at_once_as_many_pass_as_may_be_worked_on(connect: Connect) -> None:
    with member(connect, "concurrent", 100, concurrent=3) as person:
        answers = at_once(
            connect,
            [lambda s, n=n: start(s, person, f"run-{n}", project=f"project-{n}") for n in range(100)],
        )
        assert sum(answer["ok"] for answer in answers) == 3
        assert {answer["kind"] for answer in answers if not answer["ok"]} == {"concurrent"}


def test_one_start_sent_a_hundred_times_at_once_is_one_run_and_one_point(connect: Connect) -> None:
    with member(connect, "repeated", 1, points=5) as person:
        answers = at_once(connect, [lambda s: start(s, person, "run", project="project-0")] * 100)
        assert len({str(answer) for answer in answers}) == 1
        with connect() as connection:
            assert usage(Session(connection), person)["points_used"] == 1


def test_one_payment_delivered_many_times_at_once_is_applied_once(connect: Connect, webhook: None) -> None:
    with member(connect, "payer", 0) as person:
        body = event(CHECKOUT, {"client_reference_id": person.id, "customer": f"cus_{person.tag}"}, name=person.tag)
        answers = at_once(connect, [lambda s: send(s, body)] * 80)
        assert sorted(answers) == [False] * 79 + [True]
        with connect() as connection:
            assert tier(Session(connection), person) == "pro"
            connection.execute("reset role")
            connection.execute("delete from public.billing_events where id = %s", (person.tag,))


def test_each_queued_run_is_claimed_by_one_of_many_workers(connect: Connect) -> None:
    with member(connect, "queue", 60) as person:
        with connect() as connection:
            for n in range(60):
                start(Session(connection), person, f"run-{n}", project=f"project-{n}")

        def take(session: Session, token: str) -> str | None:
            session.act("codeflow_worker")
            claimed = session.call("claim_run", p_token=token, p_lease_s=600.0)
            return claimed and claimed["run"]["id"]

        tasks = [lambda s, n=n: take(s, f"worker-of-the-crowd-{n}") for n in range(120)]
        taken = [run for run in at_once(connect, tasks) if run in {person.named(f"run-{n}") for n in range(60)}]
        assert sorted(taken) == sorted(person.named(f"run-{n}") for n in range(60))


def test_a_worker_gets_another_run_of_whoever_is_next_while_that_ones_oldest_is_being_claimed(connect: Connect) -> None:
    with member(connect, "turns", 3) as person:
        with connect() as connection:
            for n in range(3):
                start(Session(connection), person, f"run-{n}", project=f"project-{n}")
            claim(Session(connection), person, "run-0")
        with connect() as first, connect() as second:
            assert _next_of(first, person) == person.named("run-1")
            assert _next_of(second, person) == person.named("run-2")
            for connection in (first, second):
                connection.rollback()


def _next_of(connection: psycopg.Connection[Any], person: Person) -> str | None:
    """The first run of theirs that this worker gets, if any: others' may wait here too."""
    session = Session(connection)
    session.act("codeflow_worker")
    while claimed := session.call("claim_run", p_token=f"worker-{uuid.uuid4()}", p_lease_s=600.0):
        if claimed["run"]["owner"] == person.id:
            return claimed["run"]["id"]
    return None


def test_a_run_named_by_many_workers_is_one_workers(connect: Connect) -> None:
    with member(connect, "race", 1) as person:
        with connect() as connection:
            start(Session(connection), person, "run", project="project-0")

        def take(session: Session, token: str) -> bool:
            session.act("codeflow_worker")
            answer = session.call("claim_run", p_token=token, p_lease_s=600.0, p_run_id=person.named("run"))
            return answer is not None

        assert sum(at_once(connect, [lambda s, n=n: take(s, f"worker-in-a-race-{n}") for n in range(80)])) == 1


def test_a_journal_written_by_many_has_no_gap_and_users_and_workers_never_lock_each_other_out(
    connect: Connect,
) -> None:
    with member(connect, "busy", 4) as person:
        with connect() as connection:
            session = Session(connection)
            for n in range(4):
                start(session, person, f"run-{n}", project=f"project-{n}")
                claim(session, person, f"run-{n}", lease_s=600)

        def append(session: Session, n: int) -> object:
            session.act("codeflow_worker")
            events = [{"type": "model.finished", "cost_micros": 1}] * 2
            return session.attempt_call("append_events", **lease_of(person, f"run-{n % 4}"), p_events=events)

        def finish(session: Session, n: int) -> object:
            session.act("codeflow_worker")
            event = run_finished("failed", 10)
            return session.attempt_call("finish_run", **lease_of(person, f"run-{n % 4}"), p_event=event)

        def act(session: Session, n: int) -> object:
            session.act("authenticated", person.id)
            project = person.named(f"project-{n % 4}")
            match n % 6:
                case 0:
                    return session.attempt_call("rename_project", p_id=project, p_title=f"{n}")
                case 1:
                    return session.attempt_call("cancel_run", p_id=person.named(f"run-{n % 4}"))
                case 2:
                    again = {"p_project": project, "p_kind": "prompt", "p_prompt": "x"}
                    return session.attempt_call("start_run", p_id=person.named(f"again-{n}"), **again)
                case 3:
                    waiting = "select id from public.followups where project_id = %s order by position limit 1"
                    first = session.sql(waiting, project)
                    return first and session.attempt_call("send_followup", p_project=project, p_id=first[0][0])
                case _:
                    return session.attempt_call(
                        "add_followup", p_id=person.named(f"f-{n}"), p_project=project, p_prompt="x"
                    )

        def send_due(session: Session, n: int) -> object:
            session.act("codeflow_worker")
            return session.attempt_call("send_due_followups")

        tasks = [lambda s, n=n: (append, act, send_due, append, act, finish)[n % 6](s, n // 3) for n in range(360)]
        refused = {answer.hint or answer.message for answer in at_once(connect, tasks) if isinstance(answer, Refused)}
        assert refused <= {"lease_lost", "busy"}
        with connect() as connection:
            rows = connection.execute(
                "select count(*) = max(e.seq) and max(e.seq) = p.seq from public.entries e"
                " join public.projects p on p.id = e.project_id where p.owner = %s group by p.id, p.seq",
                (person.id,),
            )
            assert rows.fetchall() == [(True,)] * 4


def test_a_worker_whose_lease_is_taken_while_it_waits_writes_nothing(connect: Connect) -> None:
    with member(connect, "fenced", 1) as person:
        with connect() as connection:
            session = Session(connection)
            start(session, person, "run", project="project-0")
            old = claim(session, person, "run", lease_s=-1)
        with connect() as taker, connect() as loser, ThreadPoolExecutor(1) as pool:
            session = Session(taker)
            session.act("codeflow_worker")
            taken = session.call("claim_run", p_token="another-worker's-token", p_lease_s=60.0, p_run_id=old["p_run"])
            assert taken["run"]["attempt"] == 2
            waiting = Session(loser)
            waiting.act("codeflow_worker")
            event = {"type": "project.titled", "title": "from the dead"}
            answer = pool.submit(waiting.attempt_call, "append_events", **old, p_events=[event], p_blobs=["eA=="])
            wait_until_blocked(connect, loser.info.backend_pid)
            taker.commit()
            refused = answer.result()
            assert isinstance(refused, Refused)
            assert refused.hint == "lease_lost"
            loser.rollback()
        with connect() as connection:
            rows = connection.execute("select title from public.projects where owner = %s", (person.id,)).fetchall()
            assert rows == [("x",)]


def test_a_link_revoked_while_it_is_remixed_gives_all_of_its_files_or_none(connect: Connect) -> None:
    with member(connect, "sharer", 1) as owner, member(connect, "remixer", 0) as other:
        with connect() as connection:
            session = Session(connection)
            session.act("authenticated", owner.id)
            head = session.call("project_cards")[0]["id"]
            session.call(
                "create_share",
                p_id=owner.named("share"),
                p_project=head,
                p_version=owner.named("starter-0"),
                p_token_hash=sha(owner.named("link").encode()),
                p_history=False,
                p_preview_project=owner.named("preview"),
            )
        with connect() as revoking, connect() as remixing, ThreadPoolExecutor(1) as pool:
            session = Session(revoking)
            session.act("authenticated", owner.id)
            session.call("revoke_share", p_id=owner.named("share"))
            waiting = Session(remixing)
            waiting.act("authenticated", other.id)
            arguments = {
                "p_token": owner.named("link"),
                "p_project": other.named("remix"),
                "p_version": other.named("v"),
            }
            answer = pool.submit(waiting.attempt_call, "remix", **arguments)
            wait_until_blocked(connect, remixing.info.backend_pid)
            revoking.commit()
            refused = answer.result()
            assert isinstance(refused, Refused)
            assert refused.hint == "not_found"
            remixing.rollback()
