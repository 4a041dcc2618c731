"""`supabase db push`, as the README tells an operator to run it, makes an empty project ours."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supabase.packages import installed
from tests.supabase.project import SupabaseServer
from tests.supabase.start import MIGRATIONS, running

CATALOG = {
    "columns": """
        select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
        where table_schema = 'public' order by 1, 2""",
    "policies": "select tablename, policyname, roles::text, cmd, qual, with_check from pg_policies order by 1, 2",
    "functions": """
        select p.oid::regprocedure::text as name, md5(prosrc) as body, prosecdef, proconfig, proacl::text
        from pg_proc p where pronamespace = 'public'::regnamespace order by 1""",
    "tables": """
        select relname, relacl::text, relrowsecurity, relforcerowsecurity from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') order by 1""",
}


@pytest.fixture(scope="module")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupabaseServer]:
    with running(tmp_path_factory.mktemp("no_migrations")) as server:
        yield server


def push(server: SupabaseServer, workdir: Path) -> str:
    node, modules = installed()
    command = [node.executable, modules / ".bin" / "supabase", "db", "push", "--yes"]
    environment = {**os.environ, "HOME": str(workdir), "SUPABASE_TELEMETRY_DISABLED": "1"}
    done = subprocess.run(
        [*command, "--db-url", server.database_url, "--workdir", workdir],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_push_applies_every_migration_once(
    empty_project: SupabaseServer, supabase_server: SupabaseServer, tmp_path: Path
) -> None:
    shutil.copytree(MIGRATIONS.parent, tmp_path / "supabase")
    push(empty_project, tmp_path)
    applied = empty_project.sql(
        "select version || '_' || name as name from supabase_migrations.schema_migrations order by 1"
    )
    assert [row["name"] for row in applied] == sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
    for part, query in CATALOG.items():
        assert empty_project.sql(query) == supabase_server.sql(query), f"the tests run on other {part} than push makes"
    assert "up to date" in push(empty_project, tmp_path)
