"""The SQLite store keeps the contract, and what is its own: processes, full disks, other formats."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.domain import Hold, RunKind, Unavailable, User
from backend.store.sqlite import SqliteStore
from backend.views import ProjectView, fold
from tests.store.contract import StoreContract
from tests.store.sqlite_world import SqliteWorld, leave_room
from tests.store.world import STARTER, UNLIMITED, World, finished

ADA = User(id="ada")


class TestSqlite(StoreContract):
    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        world = await SqliteWorld.open(tmp_path / "data" / "codeflow.db")
        yield world
        await world.store.close()


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "a.db")
    project = await store.create_project(ADA, "Cats", STARTER)
    await store.close()
    store = await SqliteStore.open(tmp_path / "a.db")
    assert await store.project(ADA, project.id) == project
    await store.close()


async def test_two_stores_on_one_file_share_the_queue_and_poke_each_other(tmp_path: Path) -> None:
    here, there = await SqliteStore.open(tmp_path / "a.db"), await SqliteStore.open(tmp_path / "a.db")
    try:
        with there.watch_queue() as poke:
            project = await here.create_project(ADA, "Cats", STARTER)
            await here.start_run(ADA, project.id, "run-1", RunKind.PROMPT, "x")
            async with asyncio.timeout(30):
                await poke.wait(60)
        claims = await asyncio.gather(*(store.claim_run("w", 15) for store in (here, there) * 10))
        assert [c[0].id for c in claims if c] == ["run-1"]
        await there.add_followup(ADA, project.id, "f-1", "y")
        await here.finish_run(next(c[2] for c in claims if c), finished())
        sent = await asyncio.gather(*(store.send_due_followups() for store in (here, there) * 5))
        assert [run_id for ids in sent for run_id in ids] == ["f-1"]
        assert (await there.claim_run("w", 15, "f-1")) is not None
    finally:
        await here.close()
        await there.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SqliteWorld]:
    world = await SqliteWorld.open(tmp_path / "a.db")
    yield world
    await world.store.close()


async def due(world: SqliteWorld, user: User, n: int = 0, prompt: str = "x") -> str:
    """A project whose follow-up `f-<n>`, with an image, may be sent."""
    run, lease = await world.claimed(user, f"run-{n}")
    image = [("a.png", "image/png", b"seen")]
    await world.store.add_followup(user, run.project_id, f"f-{n}", prompt, attachments=image)
    await world.store.finish_run(lease, finished())
    return run.project_id


async def test_a_clock_that_is_set_back_keeps_no_follow_up_waiting(world: SqliteWorld) -> None:
    await due(world, world.ada)
    world.let_pass(-3600)
    assert await world.store.send_due_followups() == ["f-0"]


@pytest.mark.parametrize(
    ("wrong", "held"),
    [
        ("insert into usage_ledger (run_id, kind, owner, at) values ('f-0', 'charge', 'ada', 0)", Hold.FAILED),
        ("delete from blobs where sha256 = (select attachments ->> '$[0].sha256' from followups)", Hold.FAILED),
        ("update followups set attachments = 'not json'", None),
    ],
)
async def test_a_follow_up_that_can_never_be_a_run_is_in_nobodys_way(
    world: SqliteWorld, wrong: str, held: Hold | None
) -> None:
    project_id = await due(world, world.ada)
    with sqlite3.connect(world.path, timeout=30) as db:
        db.execute(wrong)
    await due(world, world.eve, 1)
    assert await world.store.send_due_followups() == ["f-1"]
    view = ProjectView(id=project_id, title="")
    for entry in await world.store.entries(world.ada, project_id):
        fold(view, entry)
    assert ([f.id for f in view.followups], view.held) == (["f-0"], held)
    assert (await world.store.usage(world.ada)).points_used == 1


async def test_a_full_disk_holds_no_follow_up(world: SqliteWorld) -> None:
    await due(world, world.ada, prompt="x" * 90_000)
    leave_room(world.sqlite, 2)
    with pytest.raises(Unavailable):
        await world.store.send_due_followups()
    leave_room(world.sqlite, 1_000_000)
    assert await world.store.send_due_followups() == ["f-0"]


STARTING = """
import asyncio, pathlib, sys
from backend.domain import Busy, LimitReached, RunKind, User
from backend.store.sqlite import SqliteStore

async def main(name, path, *projects):
    store = await SqliteStore.open(pathlib.Path(path))
    for n, project in enumerate(projects):
        try:
            await store.start_run(User(id="ada"), project, f"{name}-{n}", RunKind.PROMPT, "x")
            print("won")
        except (Busy, LimitReached):
            pass
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def starts_that_won(path: Path, projects: list[str]) -> int:
    """How many starts are let through of three processes that try each project."""
    command = (sys.executable, "-c", STARTING)
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(*command, f"p{n}", str(path), *projects, stdout=pipe) for n in range(3)
    ]
    outputs = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    return b"".join(out for out, _ in outputs).count(b"won")


async def test_of_many_starts_in_many_processes_one_wins(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "a.db")
    project = await store.create_project(ADA, "Cats", STARTER)
    assert await starts_that_won(tmp_path / "a.db", [project.id] * 20) == 1
    assert len(await store.entries(ADA, project.id)) == 1
    await store.close()


async def test_a_limit_is_exact_among_many_processes(tmp_path: Path) -> None:
    world = await SqliteWorld.open(tmp_path / "a.db")
    world.grant(world.ada, UNLIMITED.model_copy(update={"id": "five", "points": 5}))
    projects = [(await world.project()).id for _ in range(20)]
    assert await starts_that_won(tmp_path / "a.db", projects) == 5
    assert (await world.store.usage(world.ada)).points_used == 5
    assert await world.store.pending() == 5
    await world.store.close()


async def test_a_full_disk_is_told_in_words_and_loses_nothing(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "a.db")
    project = await store.create_project(ADA, "Cats", STARTER)
    leave_room(store, 2)
    with pytest.raises(Unavailable, match="no room left on the disk"):
        await store.create_project(ADA, "Dogs", {"big.bin": bytes(200_000)})
    assert [c.title for c in await store.projects(ADA)] == ["Cats"]
    leave_room(store, 1_000_000)
    assert (await store.create_project(ADA, "Dogs", {"big.bin": bytes(200_000)})).id != project.id
    await store.close()


async def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unavailable, match="CODEFLOW_DATA_DIR"):
        await SqliteStore.open(tmp_path / "file" / "a.db")


async def test_a_file_that_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(Unavailable, match="does not work"):
        await SqliteStore.open(tmp_path / "a.db")


async def test_a_database_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.execute("pragma user_version = 99")
    with pytest.raises(Unavailable, match="newer CodeFlow"):
        await SqliteStore.open(tmp_path / "a.db")
