"""Many connections at once, committed for real and cleaned up afterwards."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from tests.policies.scene import Person, sign_up
from tests.policies.session import Session

T = TypeVar("T")
Connect = Callable[[], psycopg.Connection[Any]]

CONNECTIONS = 40
_DEADLINE_S = 120
_POLL_S = 0.01


@contextmanager
def member(connect: Connect, name: str, projects: int, **tier: int | None) -> Iterator[Person]:
    """A person on a tier of their own, with so many projects `project-0`, `project-1` …"""
    person = Person(name)
    limits = {"points": None, "concurrent": None, "budget_micros": None, "run_budget_micros": None, **tier}
    with connect() as connection:
        session = Session(connection)
        sign_up(session, person)
        session.sql(
            "insert into public.tiers (id, name, window_s, points, concurrent, budget_micros, run_budget_micros)"
            " values (%s, 'Test', 3600, %s, %s, %s, %s)",
            person.tag,
            *(limits[name] for name in ("points", "concurrent", "budget_micros", "run_budget_micros")),
        )
        session.sql("update public.profiles set tier = %s where id = %s", person.tag, person.id)
        session.act("authenticated", person.id)
        for n in range(projects):
            session.call(
                "create_project",
                p_id=person.named(f"project-{n}"),
                p_version_id=person.named(f"starter-{n}"),
                p_title="x",
                p_files={},
            )
    try:
        yield person
    finally:
        with connect() as connection:
            connection.execute("delete from auth.users where id = %s", (person.id,))
            connection.execute("delete from public.tiers where id = %s", (person.tag,))


def at_once(connect: Connect, tasks: Sequence[Callable[[Session], T]]) -> list[T]:
    """Each task in a transaction of its own, on `CONNECTIONS` connections that all begin together."""
    gate = threading.Barrier(CONNECTIONS)
    lock, waiting = threading.Lock(), list(enumerate(tasks))
    answers: list[Any] = [None] * len(tasks)

    def work(_: int) -> None:
        with connect() as connection:
            gate.wait(_DEADLINE_S)
            while True:
                with lock:
                    if not waiting:
                        return
                    n, task = waiting.pop()
                with connection.transaction():
                    answers[n] = task(Session(connection))

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, range(CONNECTIONS)))
    return answers


def wait_until_blocked(connect: Connect, process: int) -> None:
    """Until that connection's statement waits for another's lock."""
    deadline = time.monotonic() + _DEADLINE_S
    with connect() as connection:
        connection.autocommit = True
        while not connection.execute("select cardinality(pg_blocking_pids(%s))", (process,)).fetchall()[0][0]:
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(_POLL_S)
