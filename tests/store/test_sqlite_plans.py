"""However much is in the file, SQLite finds what is asked for by an index."""

import sqlite3
from collections.abc import Awaitable, Iterable
from pathlib import Path

import pytest

from backend.domain import RunKind
from backend.store.sqlite_database import Database
from tests.store.sqlite_world import SqliteWorld
from tests.store.world import finished, frame, said


async def everything_once(world: SqliteWorld) -> None:
    """A day of Ada's, a worker's, a visitor's and the reaper's."""
    store, ada = world.store, world.ada
    share, token = await world.shared(history=True, picture=b"\xff\xd8\xff")
    project = await store.project(ada, share.project_id)
    run = await store.start_run(ada, project.id, "run-2", RunKind.RESTORE, "x", restore_id=project.head_id)
    claimed = await store.claim_run("w", 15)
    assert claimed
    lease = claimed[2]
    await store.write_frame(lease, frame())
    await store.append(lease, [said()], step="model:0")
    tree = await store.leased_tree(lease)
    calls: Iterable[Awaitable[object]] = (
        store.leased_run(lease),
        store.leased_project(lease),
        store.leased_entries(lease),
        store.leased_version(lease, project.head_id),
        store.leased_blobs(lease, list(tree.values())),
        store.renew_lease(lease, 15),
        store.set_preview(project.id, lease, "sb", "http://preview"),
        store.projects(ada),
        store.tail(ada, project.id),
        store.frames(ada, project.id),
        store.versions(ada, project.id),
        store.version(ada, project.head_id),
        store.blobs(ada, project.id, list(tree.values())),
        store.active_run(ada, project.id),
        store.add_followup(ada, project.id, "f-1", "x"),
        store.add_followup(ada, project.id, "f-2", "x"),
        store.followups(ada, project.id),
        store.change_followup(ada, "f-1", "y"),
        store.move_followup(ada, "f-2", "f-1"),
        store.remove_followup(ada, "f-1"),
        store.fork_project(ada, project.id, project.head_id),
        store.run(ada, run.id),
        store.usage(ada),
        store.shares(ada, project.id),
        store.rename_project(ada, project.id, "Dogs"),
        store.open_share(token),
        store.share_picture(token),
        store.wake_share(token),
        store.remix(world.eve, token),
        store.pending(),
        store.claimable(10),
        store.open_runs(10),
        store.claim_run("w", 15),
        store.claim_run("w", 15),
        store.run_status(run.id),
        store.cancel_run(ada, run.id, undo=True),
        store.commit_version(lease, "Dogs", tree, None),
        store.finish_run(lease, finished()),
        store.send_followup(ada, project.id),
        store.cancel_run(ada, "f-2"),
        store.add_followup(ada, project.id, "f-3", "x"),
        store.send_due_followups(),
        store.cancel_run(ada, "f-3"),
        store.previews(),
        store.unclaimed_sandboxes(["sb"]),
        store.look_at(ada, project.id),
        store.clear_preview(project.id, "sb"),
        store.set_tier(ada.id, "pro"),
        store.revoke_share(ada, share.id),
        store.delete_project(ada, project.id),
        store.delete_account(ada),
    )
    for call in calls:
        await call


async def test_no_statement_of_the_store_goes_through_a_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    connect = Database._connect

    def watched(database: Database) -> sqlite3.Connection:
        connection = connect(database)
        connection.set_trace_callback(seen.add)
        return connection

    monkeypatch.setattr(Database, "_connect", watched)
    world = await SqliteWorld.open(tmp_path / "a.db")
    seen.clear()
    await everything_once(world)
    queries = [sql for sql in seen if sql.split()[0].lower() in ("select", "insert", "update", "delete", "with")]
    assert len(queries) > 80

    def plans() -> dict[str, list[str]]:
        connection = world.sqlite.database._writing()
        connection.set_authorizer(None)
        return {sql: [row[3] for row in connection.execute(f"explain query plan {sql}")] for sql in queries}

    found = world.sqlite.database._writer.submit(plans).result()
    slow = {sql: plan for sql, plan in found.items() if any(_whole_table(step) for step in plan)}
    assert slow == {}
    turns = {
        sql: plan for sql, plan in found.items() if "from runs r where" in sql and "order by created_at limit 1" in sql
    }
    assert len(turns) > 4
    assert [sql for sql, plan in turns.items() if any("ORDER BY" in step for step in plan)] == [], "the queue is sorted"
    await world.store.close()


def _whole_table(step: str) -> bool:
    return step.startswith(("SCAN", "MATERIALIZE")) and step not in ("SCAN CONSTANT ROW", _ALL_THAT_WAITS)


_ALL_THAT_WAITS = "SCAN f USING INDEX followups_by_age"
"""To find what is due is to go through what waits, oldest first; what was sent is not in that table any more."""
