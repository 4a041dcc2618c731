"""The two stores keep the same things: tables and columns of SQLite's schema and of the migrations, side by side."""

import sqlite3
from pathlib import Path

from backend.store.sqlite import SqliteStore
from tests.supabase.project import SupabaseServer

ONLY_SQLITE = {
    ("profiles", "email"): "Supabase Auth keeps addresses, in auth.users.",
}
ONLY_POSTGRES: dict[tuple[str, str], str] = {}
ONLY_SQLITE_TIERS = {"local": "Without sign-in there is one user, who pays for themselves."}

KINDS = {
    "text": {"text", "uuid", "jsonb"},
    "integer": {"int4", "int8", "bool"},
    "real": {"timestamptz", "float8"},
    "blob": {"bytea"},
}
"""What a type of SQLite's stands for on Postgres."""


async def columns_of_sqlite(path: Path) -> dict[tuple[str, str], tuple[str, bool]]:
    """(table, column) → (type, whether it may be null); a primary key may not."""
    await (await SqliteStore.open(path)).close()
    with sqlite3.connect(path) as db:
        tables = [row[0] for row in db.execute("select name from sqlite_schema where type = 'table'")]
        return {
            (table, name): (kind.lower(), not (not_null or key))
            for table in tables
            if not table.startswith("sqlite_")
            for _, name, kind, not_null, _, key in db.execute(f"pragma table_info({table})")
        }


def columns_of_postgres(server: SupabaseServer) -> dict[tuple[str, str], tuple[str, bool]]:
    rows = server.sql(
        """select table_name, column_name, udt_name, is_nullable from information_schema.columns
        join information_schema.tables using (table_schema, table_name)
        where table_schema = 'public' and table_type = 'BASE TABLE'"""
    )
    return {(r["table_name"], r["column_name"]): (r["udt_name"], r["is_nullable"] == "YES") for r in rows}


async def test_both_have_the_same_tables_and_columns(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    here, there = await columns_of_sqlite(tmp_path / "a.db"), columns_of_postgres(supabase_server)
    assert here.keys() - there.keys() == ONLY_SQLITE.keys()
    assert there.keys() - here.keys() == ONLY_POSTGRES.keys()


async def test_columns_hold_the_same_kind_of_thing(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    here, there = await columns_of_sqlite(tmp_path / "a.db"), columns_of_postgres(supabase_server)
    both = here.keys() & there.keys()
    assert {key: (here[key], there[key]) for key in both if there[key][0] not in KINDS[here[key][0]]} == {}
    assert {key: (here[key], there[key]) for key in both if there[key][1] != here[key][1]} == {}


async def test_tiers_are_the_same(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path / "a.db")).close()
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.row_factory = sqlite3.Row
        here = {row["id"]: dict(row) for row in db.execute("select * from tiers")}
    there = {row["id"]: row for row in supabase_server.sql("select * from public.tiers where id = any(%s)", list(here))}
    assert here.keys() - there.keys() == ONLY_SQLITE_TIERS.keys()
    assert {tier_id: here[tier_id] for tier_id in there} == there


async def test_what_there_is_only_one_of_is_the_same(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    """Once-only writes rest on these keys."""
    await (await SqliteStore.open(tmp_path / "a.db")).close()
    with sqlite3.connect(tmp_path / "a.db") as db:
        tables = [row[0] for row in db.execute("select name from sqlite_schema where type = 'table'")]
        here = {
            (table, tuple(column for _, _, column in db.execute(f"pragma index_info({index})")), bool(partial))
            for table in tables
            for _, index, unique, _, partial in db.execute(f"pragma index_list({table})")
            if unique
        }
    rows = supabase_server.sql(
        """select c.relname as name, i.indpred is not null as partial,
            array(select a.attname::text from unnest(i.indkey) with ordinality k (number, n)
                join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number order by k.n) as columns
        from pg_index i join pg_class c on c.oid = i.indrelid
        where i.indisunique and c.relnamespace = 'public'::regnamespace"""
    )
    there = {(row["name"], tuple(row["columns"]), row["partial"]) for row in rows}
    # The rowid's alias has no index of its own.
    assert here | {("frames", ("position",), False)} == there
