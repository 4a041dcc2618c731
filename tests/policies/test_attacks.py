"""Strangers, visitors, nobodies and workers try everything: no row of another's is read or written."""

import pytest

from tests.policies.allowed import OWNED_BY, READS
from tests.policies.attacks import Attack, climbing_attacks, closed_function_attacks, table_attacks
from tests.policies.probes import unprobed, user_probes, visitor_probes, worker_probes
from tests.policies.scene import Scene
from tests.policies.session import Session


def breaches(attacks: list[Attack], session: Session, scene: Scene) -> list[str]:
    return [found for attack in attacks if (found := attack.breach(session, scene))]


def test_no_table_is_read_by_others_or_written_by_anybody(session: Session, scene: Scene) -> None:
    assert breaches(list(table_attacks()), session, scene) == []


def test_nobody_climbs_to_what_the_owner_may(session: Session, scene: Scene) -> None:
    assert breaches(list(climbing_attacks()), session, scene) == []


def test_functions_of_others_are_closed(session: Session, scene: Scene) -> None:
    attacks = closed_function_attacks(session)
    assert len(attacks) > 100
    assert breaches(attacks, session, scene) == []


def test_a_stranger_gets_and_changes_nothing_of_the_victims_through_functions(session: Session, scene: Scene) -> None:
    assert breaches(list(user_probes(scene)), session, scene) == []


def test_a_visitor_without_a_working_link_sees_nothing(session: Session, scene: Scene) -> None:
    assert breaches(list(visitor_probes(scene)), session, scene) == []


def test_a_worker_without_the_lease_reads_and_writes_nothing(session: Session, scene: Scene) -> None:
    assert breaches(list(worker_probes(scene)), session, scene) == []


def test_every_function_has_been_tried(scene: Scene) -> None:
    assert unprobed(scene) == set(), "a new function needs a probe"


@pytest.mark.parametrize("table", [table for table, owned in OWNED_BY.items() if owned])
def test_an_owner_reads_their_own(session: Session, scene: Scene, table: str) -> None:
    owned = OWNED_BY[table]
    assert owned
    session.act("authenticated", scene.victim.id)
    whose = scene.victim.named("project") if owned.startswith("project_id") else scene.victim.id
    columns = ", ".join(sorted(READS[table]))
    assert session.sql(f"select {columns} from public.{table} where {owned}", whose)
