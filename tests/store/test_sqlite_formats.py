"""Files of earlier formats open with everything in them."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from backend.domain import RunStatus, User
from backend.store.sqlite import SqliteStore
from backend.store.sqlite_schema import MIGRATIONS, VERSION
from tests.store.world import finished

LOCAL, ADA = User(id="local"), User(id="ada", email="ada@example.com")
FORMATS = Path(__file__).parent / "formats"


def a_file_of(number: int, folder: Path) -> Path:
    path = folder / f"format{number}.db"
    with sqlite3.connect(path) as db:
        db.executescript((FORMATS / f"{number}.sql").read_text())
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return a_file_of(1, tmp_path)


def schema(path: Path) -> set[tuple[str, ...]]:
    """What is in the file, but for the order in which columns were added."""
    with sqlite3.connect(path) as db:
        names = db.execute("select type, name, tbl_name from sqlite_schema where name not like 'sqlite%'").fetchall()
        return {
            tuple(str(value) for value in (name, *column[1:]))
            for kind, name, _ in names
            if kind == "table"
            for column in db.execute(f"pragma table_info({name})")
        } | {tuple(row) for row in names}


async def test_everything_of_an_earlier_format_is_still_there(old: Path) -> None:
    store = await SqliteStore.open(old)
    cards = await store.projects(LOCAL)
    assert [(c.title, c.active, c.versions) for c in cards] == [("Cats", False, 1), ("Dogs", True, 0)]
    project = await store.project(LOCAL, "p1")
    assert (project.head_id, project.sandbox_id, project.preview_url) == ("v1", "sb1", "http://preview")
    assert [e.seq for e in await store.entries(LOCAL, "p1")] == [1, 2, 3]
    assert await store.tree(LOCAL, "p1") == {"app/page.tsx": "bb"}
    assert await store.blobs(LOCAL, "p1", ["aa", "bb"]) == {"aa": b"aa", "bb": b"bb"}
    run = await store.run(LOCAL, "r1")
    assert (run.status, run.cost_micros, run.budget_micros) == (RunStatus.SUCCEEDED, 42, None)
    await store.close()


async def test_what_an_earlier_format_left_unfinished_goes_on_without_limits(old: Path) -> None:
    store = await SqliteStore.open(old)
    claimed = await store.claim_run("w", 15)
    assert claimed
    assert claimed[0].id == "r2"
    await store.finish_run(claimed[2], finished(cost=5))
    usage = await store.usage(LOCAL)
    assert (usage.tier.id, usage.tier.points, usage.spent_micros) == ("local", None, 5)
    share, token = await store.create_share(LOCAL, "p1", "v1", True)
    assert (await store.open_share(token)).prompts == ["a page for cats"]
    assert await store.shares(LOCAL, "p1") == [share]
    await store.close()


async def test_people_their_limits_and_shares_of_the_second_format_are_still_there(tmp_path: Path) -> None:
    store = await SqliteStore.open(a_file_of(2, tmp_path))
    cards = await store.projects(ADA)
    assert [(c.title, c.active, c.screenshot_sha256) for c in cards] == [("Cats", False, "cc"), ("Dogs", True, None)]
    usage = await store.usage(ADA)
    assert (usage.tier.id, usage.tier.points, usage.tier.run_budget_micros) == ("team", 50, 250000)
    assert (await store.open_share("foo")).prompts == ["a page for cats"]
    assert [share.id for share in await store.shares(ADA, "p1")] == ["sh1"]
    assert [(run.id, run.worker) for run in await store.open_runs()] == [("r2", "w"), ("r3", None)]
    await store.close()


async def test_prompts_wait_for_a_run_of_the_second_format_and_are_sent_after_it(tmp_path: Path) -> None:
    store = await SqliteStore.open(a_file_of(2, tmp_path))
    await store.add_followup(ADA, "p2", "f-1", "more dogs")
    claimed = await store.claim_run("w", 15)
    assert claimed
    assert (claimed[0].id, claimed[0].resends, claimed[0].undo_requested) == ("r2", None, False)
    await store.finish_run(claimed[2], finished())
    assert await store.send_due_followups() == ["f-1"]
    assert [(await store.claim_run("w", 15, run_id)) is not None for run_id in ("f-1", "r3")] == [True, True]
    assert (await store.fork_project(ADA, "p1", "v1")).title == "Cats (copy)"
    await store.close()


async def test_what_waits_and_sleeps_in_the_third_format_does_so_still(tmp_path: Path) -> None:
    store = await SqliteStore.open(a_file_of(3, tmp_path))
    assert [f.id for f in await store.followups(ADA, "p2")] == ["f9"]
    assert [(p.sandbox_id, p.looked_s) for p in await store.previews()] == [("sb1", None)]
    await store.look_at(ADA, "p1")
    assert (await store.run(ADA, "r1")).sandbox_s == 0
    await store.close()


async def test_a_project_of_the_fourth_format_takes_settings(tmp_path: Path) -> None:
    store = await SqliteStore.open(a_file_of(4, tmp_path))
    assert (await store.project(ADA, "p1")).model is None
    await store.set_model(ADA, "p1", "openai:big")
    await store.set_variable(ADA, "p1", "API_KEY", "sealed")
    assert (await store.project(ADA, "p1")).model == "openai:big"
    assert [name for name, _ in await store.variables(ADA, "p1")] == ["API_KEY"]
    assert (await store.run(ADA, "r1")).sandbox_s == 12.5
    await store.close()


@pytest.mark.parametrize("number", range(1, VERSION))
async def test_an_earlier_format_becomes_what_a_new_file_is(number: int, tmp_path: Path) -> None:
    old = a_file_of(number, tmp_path)
    for path in (old, tmp_path / "new.db"):
        await (await SqliteStore.open(path)).close()
        with sqlite3.connect(path) as db:
            assert db.execute("pragma user_version").fetchone() == (VERSION,)
            assert db.execute("pragma integrity_check").fetchone() == ("ok",)
            assert db.execute("pragma foreign_key_check").fetchall() == []
    assert schema(old) == schema(tmp_path / "new.db")


async def test_stores_that_open_an_earlier_format_at_once_bring_it_up_once(old: Path) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(old) for _ in range(5)))
    assert [len(await store.projects(LOCAL)) for store in stores] == [2] * 5
    for store in stores:
        await store.close()


async def test_a_step_that_breaks_leaves_the_file_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = f"{MIGRATIONS[1]}\ninsert into nowhere values (1);\n"
    monkeypatch.setattr("backend.store.sqlite_database.MIGRATIONS", (MIGRATIONS[0], broken))
    before = schema(old)
    with pytest.raises(Exception, match="nowhere"):
        await SqliteStore.open(old)
    assert schema(old) == before
    monkeypatch.undo()
    store = await SqliteStore.open(old)
    assert len(await store.projects(LOCAL)) == 2
    await store.close()
