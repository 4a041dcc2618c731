"""Starting the project: Postgres, the state of a fresh hosted project, our migrations, and the server before it."""

import contextlib
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.supabase.packages import HERE, installed
from tests.supabase.postgres import SUPERUSER, Postgres, free_port
from tests.supabase.project import SupabaseServer

REPOSITORY = HERE.parent.parent
MIGRATIONS = REPOSITORY / "supabase" / "migrations"
SITE_URL = "http://127.0.0.1:7860"
_LOGINS = ("authenticator", "supabase_auth_admin", "postgres")


class ProjectFailed(Exception):
    """The test project does not start; says which part, and what it said."""


@contextlib.contextmanager
def running(migrations: Path = MIGRATIONS) -> Iterator[SupabaseServer]:
    """A project with `migrations` applied in order. Raises `ProjectFailed`, `PostgresFailed` or `Unavailable` with what is missing."""
    node, modules = installed()
    postgres = Postgres.create()
    try:
        port = free_port()
        server = SupabaseServer(postgres, port)
        with _process(node.executable, modules, server, postgres, port) as process:
            postgres.start()
            bootstrap(postgres)
            _step(process, "schema", postgres)
            with postgres.connect() as connection:
                connection.execute(_script(HERE / "bootstrap_auth.sql"))
            apply(postgres, migrations)
            _step(process, "serve", postgres)
            yield server
            server.close()
    finally:
        postgres.remove()


def bootstrap(postgres: Postgres) -> None:
    """Roles and default privileges of a fresh hosted project."""
    with postgres.connect() as connection:
        connection.execute(_script(HERE / "bootstrap.sql"))
        for role in _LOGINS:
            statement = sql.SQL("alter role {} password {}").format(
                sql.Identifier(role), sql.Literal(postgres.password)
            )
            connection.execute(statement)


def apply(postgres: Postgres, migrations: Path) -> None:
    """As `supabase db push` does: in order of name, each in one transaction, as the owner."""
    for migration in sorted(migrations.glob("*.sql")):
        with postgres.connect("postgres") as connection, connection.transaction():
            try:
                connection.execute(_script(migration))
            except psycopg.Error as error:
                raise ProjectFailed(f"The migration {migration.name} does not apply: {error}") from error


@contextlib.contextmanager
def _process(
    node: Path, modules: Path, server: SupabaseServer, postgres: Postgres, port: int
) -> Iterator["subprocess.Popen[str]"]:
    """The Node process; it ends when its standard input does, so that not even a killed test session leaves it behind."""
    folder = postgres.folder / "server"
    folder.mkdir()
    for module in HERE.glob("*.mjs"):
        shutil.copyfile(module, folder / module.name)
    (folder / "node_modules").symlink_to(modules)
    settings = {
        "port": port,
        "site_url": SITE_URL,
        "publishable_key": server.publishable_key,
        "secret_key": server.secret_key,
        "jwk": server.jwt_private_jwk,
        "mailbox": str(server.mailbox),
        "templates": str(folder / "templates"),
        "config": _auth_config(),
        "postgres": str(postgres.folder),
        "database": {role: postgres.address(role) for role in (SUPERUSER, *_LOGINS)},
    }
    with (postgres.folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [node, folder / "server.mjs"],
            env={**os.environ, "CODEFLOW_SUPABASE": json.dumps(settings), "LITE_AUTH_BCRYPT_COST": "4"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.wait()
        process.stdout.close()


def _step(process: "subprocess.Popen[str]", name: str, postgres: Postgres) -> None:
    assert process.stdin
    assert process.stdout
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(f"{name}\n")
        process.stdin.flush()
    for line in process.stdout:
        if line == f"{name} done\n":
            return
    said = (postgres.folder / "server.log").read_text(errors="replace")[-1500:]
    raise ProjectFailed(f"The Supabase test server ended at “{name}”. It said: {said}")


def _auth_config() -> dict[str, Any]:
    """The product's own settings for sign-in, its mails among them; the CLI resolves their paths as this does."""
    settings = tomllib.loads((REPOSITORY / "supabase" / "config.toml").read_text()).get("auth", {})
    for template in settings.get("email", {}).get("template", {}).values():
        template["content_path"] = str(REPOSITORY / template["content_path"])
    return settings


def _script(path: Path) -> bytes:
    return path.read_bytes()
