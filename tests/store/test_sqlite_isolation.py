"""SQLite itself keeps users, workers and visitors apart, whatever statement somebody writes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.domain import Lease, User
from backend.store.sqlite import SqliteStore
from backend.store.sqlite_scope import STORE, VIEWS, Bound, Scope, as_user, confine, under, visiting
from tests.store.sqlite_world import SqliteWorld
from tests.store.world import STARTER, finished, frame, said, sha

TABLES = {
    "tiers": "points", "profiles": "tier", "projects": "owner", "runs": "lease", "entries": "event",
    "frames": "frame", "versions": "manifest", "tree": "sha256", "blobs": "body", "shares": "token_hash",
    "usage_counters": "used", "usage_ledger": "points", "billing_events": "tier", "app_secrets": "value",
    "followups": "prompt", "variables": "sealed",
}  # fmt: skip
"""And a column of each."""
DENIED = (
    "select * from {table}",
    "select 1 from {table}",
    "select count(*) from {table}",
    "select * from main.{table}",
    "select t.* from my_projects p, {table} t",
    "select t.* from my_projects p left join {table} t",
    "select (select count(*) from {table})",
    "select * from my_projects where exists (select 1 from {table})",
    "select * from my_projects where id in (select 1 from {table})",
    "select * from my_projects order by (select count(*) from {table})",
    "select id from my_projects union all select 1 from {table}",
    "with x as (select * from {table}) select * from x",
    "with my_projects as (select * from {table}) select * from my_projects",
    "select * from (select * from {table}) my_projects",
    "select * from (select * from {table}) as my_runs join my_projects",
    "with recursive my_runs(n) as (select 1 union all select n + 1 from my_runs, {table} limit 3) select * from my_runs",
    "insert into {table} default values",
    "insert into {table} select * from {table}",
    "replace into {table} default values",
    "update {table} set {column} = 1",
    "delete from {table}",
    "drop table {table}",
    "alter table {table} add column x",
    "create index i on {table} ({column})",
    "create temp view my_own as select * from {table}",
    "create temp table my_own as select * from {table}",
    "create temp trigger t before insert on {table} begin select 1; end",
    "pragma table_info({table})",
    "select * from pragma_table_info('{table}')",
)
DENIED_EVERYWHERE = (
    "select * from sqlite_master",
    "select * from sqlite_temp_master",
    "select sql from main.sqlite_schema",
    "select * from sqlite_sequence",
    "pragma user_version",
    "pragma writable_schema = on",
    "pragma query_only",
    "attach ':memory:' as other",
    "detach temp",
    "vacuum",
    "vacuum into '/tmp/copy.db'",
    "analyze",
    "reindex",
    "savepoint s",
    "drop view my_projects",
    "create view v as select 1",
    "create virtual table f using fts5(x)",
    "select load_extension('x')",
    "select readfile('/etc/passwd')",
    "select sqlite_version()",
    "select randomblob(9)",
)


OF_PROJECTS = ("runs", "entries", "frames", "tree", "blobs", "versions", "shares", "followups", "variables")
REFUSED = (
    *(f"update {table} set project_id = :theirs where project_id = :mine" for table in OF_PROJECTS),
    *(f"update {table} set project_id = :mine where project_id = :theirs" for table in OF_PROJECTS),
    *(f"delete from {table} where project_id = :theirs" for table in OF_PROJECTS),
    *(f"update {table} set project_id = project_id" for table in OF_PROJECTS),
    "update projects set title = 'x'",
    "update projects set title = 'x' where id = :theirs",
    "update projects set owner = :me where id = :theirs",
    "update projects set owner = 'eve' where id = :mine",
    "update projects set id = 'other' where id = :mine",
    "delete from projects",
    "delete from projects where id = :theirs",
    """insert or replace into projects (id, owner, title, head_id, created_at, updated_at)
        values (:theirs, :me, 'x', 'y', 0, 0)""",
    "insert into projects (id, owner, title, head_id, created_at, updated_at) values ('n', 'eve', 'x', 'y', 0, 0)",
    """insert into runs (id, project_id, owner, kind, status, prompt, attachments, edits, created_at)
        values ('n', :theirs, :me, 'edit', 'failed', '', '[]', '{}', 0)""",
    """insert into runs (id, project_id, owner, kind, status, prompt, attachments, edits, created_at)
        values ('n', :mine, 'eve', 'prompt', 'failed', '', '[]', '{}', 0)""",
    "update runs set owner = 'eve' where project_id = :mine",
    "insert or replace into runs select * from runs where project_id = :theirs",
    # A row of one's own that takes the place of another's, by a key they share.
    """insert or replace into runs (id, project_id, owner, kind, status, prompt, attachments, edits, created_at)
        values ('run-of-eve', :mine, :me, 'edit', 'failed', '', '[]', '{}', 0)""",
    "insert or replace into entries values (:mine, 99, 'run-of-eve', 'model:0', 0, '{}')",
    "insert into followups values ('n', :theirs, :me, 1, 'x', '[]', 0, 0)",
    "insert into followups values ('n', :mine, 'eve', 1, 'x', '[]', 0, 0)",
    "insert or replace into followups values ('then-of-eve', :mine, :me, 1, 'x', '[]', 0, 0)",
    "update followups set owner = 'eve' where project_id = :mine",
    "update followups set prompt = 'x' where id = 'then-of-eve'",
    "update projects set hold = 'stopped' where id = :theirs",
    """insert or replace into versions (id, project_id, number, title, manifest, created_at)
        select id, :mine, 9, 'x', '{}', 0 from versions where project_id = :theirs""",
    "insert into blobs values (:theirs, 'x', x'00')",
    "insert or replace into tree values (:theirs, 'app/page.tsx', 'evil')",
    "insert or ignore into tree values (:theirs, 'app/evil.tsx', 'evil')",
    """insert into tree values (:theirs, 'app/page.tsx', 'evil')
        on conflict (project_id, path) do update set sha256 = excluded.sha256""",
    "insert into entries values (:theirs, 99, 'run-e', null, 0, '{}')",
    "update usage_counters set used = 0 where owner = 'eve'",
    "insert or replace into usage_counters values ('eve', 'points', 999, 'w', 9e9)",
    "delete from usage_ledger where owner = 'eve'",
    "insert into usage_ledger (run_id, kind, owner, at) values ('n', 'refund', 'eve', 0)",
    "insert or replace into profiles (id, tier, created_at) values ('eve', 'free', 0)",
    "update profiles set email = 'x' where id = 'eve'",
    "delete from profiles where id = 'eve'",
    "update profiles set tier = 'pro' where id = 'ada'",
    "update profiles set customer_id = 'cus' where id = 'ada'",
    "insert into tiers (id, name, window_s) values ('mine', 'Mine', 1)",
    "update tiers set points = null",
    "delete from tiers where id = 'pro'",
    "insert into billing_events values ('evt', null, null, 0, 0)",
    "insert or replace into app_secrets values ('billing_webhook', 'known')",
)
NOT_WRITING = (
    "drop trigger guard_projects_update",
    "drop trigger temp.guard_projects_update",
    "drop view my_projects",
    "create temp view my_blobs as select * from blobs",
    "create table more (x)",
    "alter table projects rename to others",
    "attach ':memory:' as other",
    "pragma recursive_triggers = off",
    "pragma writable_schema = on",
    "pragma foreign_keys = off",
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SqliteWorld]:
    world = await SqliteWorld.open(tmp_path / "a.db")
    yield world
    await world.store.close()


class Refused(Exception):
    """What SQLite says to a statement."""


def execute(db: sqlite3.Connection, sql: str, values: dict[str, str]) -> list[tuple[object, ...]]:
    try:
        return [tuple(row) for row in db.execute(sql, values)]
    except sqlite3.Error as e:
        raise Refused(str(e)) from e


@dataclass
class Scene:
    """Ada has a share, a run that a worker is at, and Eve the same."""

    store: SqliteStore
    mine: str
    theirs: str
    scopes: dict[str, Scope]
    """One of each sort, all on Ada's behalf; and nobody's."""

    async def read(self, scope: Scope, sql: str) -> list[tuple[object, ...]]:
        return await self.store.database.read(scope, lambda db: execute(db, sql, {}))

    async def write(self, scope: Scope, sql: str) -> list[tuple[object, ...]]:
        ids = {"me": "ada", "mine": self.mine, "theirs": self.theirs}
        return await self.store.database.write(scope, lambda db: execute(db, sql, ids))

    async def everything(self) -> dict[str, list[tuple[object, ...]]]:
        return {table: await self.read(STORE, f"select * from {table} order by 1, 2") for table in TABLES}


@pytest.fixture
async def scene(world: SqliteWorld) -> Scene:
    scopes: dict[str, Scope] = {"nobody": Scope()}
    projects: dict[str, str] = {}
    await world.store.set_app_secret("billing_webhook", "secret")
    for user in (world.eve, world.ada):
        project = await world.project(user)
        run, lease = await world.claimed(user, f"run-of-{user.id}", project)
        await world.store.add_followup(user, project.id, f"then-of-{user.id}", "more cats")
        await world.store.set_variable(user, project.id, "API_KEY", f"sealed by {user.id}")
        await world.store.write_frame(lease, frame())
        await world.store.append(lease, [said()], step="model:0")
        await world.store.write_frame(lease, frame(step="model:1"))
        version = await world.store.commit_version(lease, "Cats", {"logo.png": sha(STARTER["logo.png"])}, None)
        _, token = await world.store.create_share(user, project.id, version.id, True)
        projects[user.id] = run.project_id
        scopes |= {"user": as_user(user), "worker": under(lease), "visitor": visiting(token)}
    return Scene(world.sqlite, projects["ada"], projects["eve"], scopes)


async def test_the_list_of_tables_is_all_there_are(scene: Scene) -> None:
    sql = "select name from main.sqlite_master where type = 'table' and name not like 'sqlite%'"
    assert {name for (name,) in await scene.read(STORE, sql)} == set(TABLES)


async def test_no_table_is_within_a_readers_reach_by_any_statement(scene: Scene) -> None:
    statements = [sql.format(table=table, column=column) for table, column in TABLES.items() for sql in DENIED]
    for scope in scene.scopes.values():
        for statement in statements:
            with pytest.raises(Refused, match=r"not authorized|prohibited"):
                pytest.fail(f"{statement}: {await scene.read(scope, statement)}")


async def test_a_reader_has_nothing_but_the_views(scene: Scene) -> None:
    for scope in scene.scopes.values():
        for statement in DENIED_EVERYWHERE:
            with pytest.raises(Refused, match=r"not authorized|prohibited|no such function|cannot VACUUM from within"):
                pytest.fail(f"{statement}: {await scene.read(scope, statement)}")


async def test_a_view_is_empty_but_for_whom_it_is_and_shows_them_nothing_of_another(scene: Scene) -> None:
    strangers = (as_user(User(id="mallory")), under(Lease(run_id="run-of-ada", token="guessed")), visiting("guessed"))
    for view in VIEWS.keys() - {"all_tiers"}:
        whose = {"my": "user", "leased": "worker", "shared": "visitor"}[view.partition("_")[0]]
        for sort, scope in scene.scopes.items():
            found = str(await scene.read(scope, f"select * from {view}"))
            # Nobody has woken a preview here: there are no such runs.
            assert (found != "[]") == (sort == whose and view != "shared_runs"), (view, sort)
            assert "eve" not in found
            assert scene.theirs not in found
        for scope in strangers:
            assert await scene.read(scope, f"select * from {view}") == [], view


async def test_the_views_that_may_read_tables_have_other_names_on_every_connection(world: SqliteWorld) -> None:
    """A query may give a subquery any name: only one that it cannot know gets past the authorizer."""

    def doors() -> set[str]:
        connection = sqlite3.connect(world.path)
        confine(connection, Bound())
        connection.set_authorizer(None)
        names = {name for (name,) in connection.execute("select name from sqlite_temp_master where type = 'view'")}
        connection.close()
        return names - VIEWS.keys()

    first, second = doors(), doors()
    assert len(first) == len(second) == len(VIEWS)
    assert not first & second


async def test_no_reader_sees_a_leases_or_a_links_token(scene: Scene) -> None:
    for scope in scene.scopes.values():
        for view in VIEWS:
            columns = await scene.store.database.read(
                scope, lambda db, view=view: [d[0] for d in db.execute(f"select * from {view}").description]
            )
            assert not {"lease", "token_hash"} & set(columns)


async def test_readers_that_share_connections_never_see_each_others_rows(world: SqliteWorld) -> None:
    """Four connections serve them all, and each read is on whichever is free."""
    for user in (world.ada, world.eve):
        for _ in range(3):
            await world.project(user)
    _, lease = await world.claimed(run_id="run-1")
    reads = [as_user(world.ada), as_user(world.eve), under(lease), Scope()] * 100
    owners = "select owner from my_projects union all select 'lease of ' || owner from leased_projects"
    found = await asyncio.gather(
        *(world.sqlite.database.read(scope, lambda db: {row[0] for row in db.execute(owners)}) for scope in reads)
    )
    assert found == [{"ada"}, {"eve"}, {"lease of ada"}, set()] * 100


async def test_between_transactions_a_connection_is_nobodys(scene: Scene) -> None:
    database = scene.store.database

    def found() -> list[object]:
        connection = database._confined()
        return [*connection.execute("select id from my_projects"), *connection.execute("select id from leased_runs")]

    for _ in range(20):
        assert await scene.read(scene.scopes["user"], "select id from my_projects")
        assert await scene.read(scene.scopes["worker"], "select id from leased_runs")
        assert await asyncio.wrap_future(database._readers.submit(found)) == []


async def test_a_lease_of_a_run_that_is_over_opens_its_project_no_more(scene: Scene) -> None:
    worker = scene.scopes["worker"]
    assert worker.lease
    assert await scene.read(worker, "select * from leased_entries")
    await scene.store.finish_run(worker.lease, finished())
    for view in (view for view in VIEWS if view.startswith("leased_") and view != "leased_runs"):
        assert await scene.read(worker, f"select * from {view}") == [], view
    with pytest.raises(Refused, match="not of the scope"):
        await scene.write(worker, "update projects set title = 'x' where id = :mine")


async def test_a_read_that_failed_leaves_its_connection_to_the_next(scene: Scene) -> None:
    for _ in range(20):
        with pytest.raises(Refused):
            await scene.read(scene.scopes["user"], "select * from runs")
        assert await scene.read(Scope(), "select * from my_runs") == []
        assert len(await scene.read(scene.scopes["user"], "select * from my_runs")) == 1


async def test_a_writer_changes_no_row_of_anothers_by_any_statement(scene: Scene) -> None:
    before = await scene.everything()
    for statement in REFUSED:
        for scope in scene.scopes.values():
            with pytest.raises(Refused, match="not of the scope"):
                pytest.fail(f"{statement}: {await scene.write(scope, statement)}")
        assert await scene.everything() == before, statement


async def test_a_writer_cannot_take_its_own_guards_away(scene: Scene) -> None:
    for statement in NOT_WRITING:
        for scope in (*scene.scopes.values(), STORE):
            with pytest.raises(Refused, match=r"not authorized|prohibited"):
                pytest.fail(f"{statement}: {await scene.write(scope, statement)}")
