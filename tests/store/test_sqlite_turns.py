"""Whose run is next, found by indexes, is whose it is when all runs are laid side by side."""

import random
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.store.sqlite import SqliteStore
from backend.store.sqlite_scope import STORE
from backend.store.sqlite_turns import next_run

NOW = 1_000_000.0


@dataclass(frozen=True)
class Waiting:
    """A run, as far as its turn goes."""

    id: str
    owner: str
    share: bool
    kind: str
    lease_until: float | None
    created_at: float

    @property
    def under_way(self) -> bool:
        return self.lease_until is not None and self.lease_until >= NOW


def scene(chance: random.Random) -> list[Waiting]:
    """Some who have much under way, some who wait, some whose worker is lost; no two runs of one age."""
    ages = chance.sample(range(1, 1000), chance.randint(0, 25))
    owners = "abcde"[: chance.randint(1, 5)]
    runs: list[Waiting] = []
    for n, age in enumerate(ages):
        share = chance.random() < 0.4
        lease_until = chance.choice([None, None, NOW - 1, NOW, NOW + 15])
        kind = "wake" if share else chance.choice(["prompt", "edit", "restore", "wake"])
        runs.append(Waiting(f"r{n}", chance.choice(owners), share, kind, lease_until, NOW - age))
    return runs


def by_the_rule(runs: list[Waiting]) -> str | None:
    def turn(run: Waiting) -> tuple[bool, int, float]:
        return run.share, sum(r.under_way for r in runs if r.owner == run.owner), run.created_at

    first = min((run for run in runs if not run.under_way), key=turn, default=None)
    return first and first.id


def write(path: Path, runs: list[Waiting]) -> None:
    with sqlite3.connect(path) as db:
        db.execute("pragma foreign_keys = on")
        db.execute("delete from projects")
        for run in runs:
            project, version = f"p-{run.id}", f"v-{run.id}"
            db.execute(
                "insert into projects (id, owner, kind, title, head_id, created_at, updated_at) values (?, ?, ?, '', '', 0, 0)",
                (project, run.owner, "share" if run.share else "app"),
            )
            db.execute(
                "insert into versions (id, project_id, number, title, manifest, created_at) values (?, ?, 0, '', '{}', 0)",
                (version, project),
            )
            if run.share:
                db.execute(
                    """insert into shares (id, token_hash, project_id, version_id, preview_project_id, history, created_at)
                    values (?, ?, ?, ?, ?, 0, 0)""",
                    (run.id, run.id, project, version, project),
                )
            db.execute(
                """insert into runs (id, project_id, owner, kind, status, prompt, attachments, edits, lease_until, created_at)
                values (?, ?, ?, ?, ?, '', '[]', '{}', ?, ?)""",
                (
                    run.id,
                    project,
                    run.owner,
                    run.kind,
                    "queued" if run.lease_until is None else "running",
                    run.lease_until,
                    run.created_at,
                ),
            )


@pytest.mark.parametrize("seed", range(4))
async def test_the_next_run_is_the_one_whose_turn_it_is(tmp_path: Path, seed: int) -> None:
    store, chance = await SqliteStore.open(tmp_path / "a.db"), random.Random(seed)
    turns: list[tuple[str | None, str | None]] = []
    for _ in range(25):
        runs = scene(chance)
        write(tmp_path / "a.db", runs)
        found = await store.database.read(STORE, lambda db: next_run(db, NOW))
        turns.append((found, by_the_rule(runs)))
    assert [found for found, _ in turns] == [expected for _, expected in turns]
    assert len({found for found, _ in turns}) > 5
    await store.close()
