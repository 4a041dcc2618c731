"""The attacks are worth something: whichever rule is taken away, one of them notices."""

from collections.abc import Iterable

from tests.policies.attacks import Attack, closed_function_attacks, table_attacks
from tests.policies.mutants import (
    Mutant,
    condition_mutants,
    function_grant_mutants,
    policy_mutants,
    table_grant_mutants,
)
from tests.policies.probes import user_probes, visitor_probes, worker_probes
from tests.policies.scene import Scene
from tests.policies.session import Session


def survivors(mutants: Iterable[Mutant], attacks: list[Attack], session: Session, scene: Scene) -> list[str]:
    return [mutant.name for mutant in mutants if not _noticed(mutant, attacks, session, scene)]


def _noticed(mutant: Mutant, attacks: list[Attack], session: Session, scene: Scene) -> bool:
    # Those at the very table or function first: they are the likeliest, and one is enough.
    attacks = sorted(attacks, key=lambda attack: attack.target != mutant.target)
    with session.undone():
        session.sql(mutant.statement)
        return any(attack.breach(session, scene) for attack in attacks)


def test_every_policy_is_missed(session: Session, scene: Scene) -> None:
    assert survivors(policy_mutants(), list(table_attacks()), session, scene) == []


def test_every_grant_too_many_on_a_table_is_noticed(session: Session, scene: Scene) -> None:
    assert survivors(table_grant_mutants(), list(table_attacks()), session, scene) == []


def test_every_grant_too_many_on_a_function_is_noticed(session: Session, scene: Scene) -> None:
    assert survivors(function_grant_mutants(session), closed_function_attacks(session), session, scene) == []


def test_every_condition_of_ownership_in_a_function_is_missed(session: Session, scene: Scene) -> None:
    probes = [*user_probes(scene), *visitor_probes(scene), *worker_probes(scene)]
    mutants = list(condition_mutants(session))
    assert len(mutants) > 30
    assert survivors(mutants, probes, session, scene) == []
