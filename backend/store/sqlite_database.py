"""One SQLite file: a thread that writes, a few that read, and errors a person understands."""

import asyncio
import errno
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from backend.domain import Unavailable
from backend.store.sqlite_schema import MIGRATIONS, VERSION
from backend.store.sqlite_scope import STORE, Bound, Scope, confine, guard, install

T = TypeVar("T")
Action = Callable[[sqlite3.Connection], T]

BUSY_TIMEOUT_S = 30.0
"""How long a write waits for another process's transaction."""
READERS = 4


class Database:
    """Actions run whole: each in one transaction and for one `Scope`, writes one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # One writing thread is the write lock; BEGIN IMMEDIATE extends it to other processes.
        self._writer = ThreadPoolExecutor(1, "codeflow-store-write")
        self._readers = ThreadPoolExecutor(READERS, "codeflow-store-read")
        self._connections = threading.local()
        self._bound = Bound()
        self._opened: list[sqlite3.Connection] = []

    async def open(self) -> None:
        """Create the file and its tables if need be. Raises `Unavailable`."""
        try:
            await asyncio.to_thread(self.path.parent.mkdir, parents=True, exist_ok=True)
        except OSError as e:
            raise unavailable(e, self.path) from e
        found = await self._run(self._writer, self._set_up)
        if found > VERSION:
            await self.close()
            raise Unavailable(
                f"The database {self.path} was written by a newer CodeFlow (format {found}, this one reads {VERSION}). "
                "Update CodeFlow, or set CODEFLOW_DATA_DIR to another folder."
            )

    async def write(self, scope: Scope, action: Action[T]) -> T:
        """Raises what `action` raises, having written nothing; `Unavailable` for a full disk or a locked file."""
        return await self._run(self._writer, lambda: self._transaction("begin immediate", self._writing, scope, action))

    async def read(self, scope: Scope, action: Action[T]) -> T:
        """`action` sees one moment's state, however many queries it makes: for `STORE` the tables, else the views."""
        connect = self._surveying if scope is STORE else self._confined
        return await self._run(self._readers, lambda: self._transaction("begin", connect, scope, action))

    async def written_elsewhere(self) -> int:
        """A number that changes when another connection than our writer has committed."""
        return await self._run(self._writer, lambda: self._writing().execute("pragma data_version").fetchone()[0])

    async def close(self) -> None:
        def shut() -> None:
            self._readers.shutdown()
            self._writer.shutdown()
            for connection in self._opened:
                connection.close()

        await asyncio.to_thread(shut)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except (sqlite3.DatabaseError, OSError) as e:
            if getattr(e, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH:
                raise
            raise unavailable(e, self.path) from e

    def _transaction(self, begin: str, connect: Callable[[], sqlite3.Connection], scope: Scope, action: Action[T]) -> T:
        connection = connect()
        connection.execute(begin)
        try:
            self._bound.bind(connection, scope)
            result = action(connection)
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        finally:
            self._bound.free()
        return result

    def _set_up(self) -> int:
        connection = self._connect()
        try:
            connection.execute("pragma journal_mode = wal")
            # Other processes may be opening the same file.
            connection.execute("begin immediate")
            found: int = connection.execute("pragma user_version").fetchone()[0]
            if found < VERSION:
                for step in MIGRATIONS[found:]:
                    _execute_all(connection, step)
                connection.execute(f"pragma user_version = {VERSION}")
            connection.execute("commit")
            return found
        finally:
            connection.close()

    def _writing(self) -> sqlite3.Connection:
        return self._kept("writing", guard)

    def _surveying(self) -> sqlite3.Connection:
        return self._kept("surveying", install)

    def _confined(self) -> sqlite3.Connection:
        return self._kept("confined", confine)

    def _kept(self, name: str, prepare: Callable[[sqlite3.Connection, Bound], None]) -> sqlite3.Connection:
        """This thread's connection of that name."""
        connection: sqlite3.Connection | None = getattr(self._connections, name, None)
        if connection is None:
            connection = self._connect()
            self._opened.append(connection)
            prepare(connection, self._bound)
            setattr(self._connections, name, connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        # A killed process loses nothing; a power cut may lose the last moments but never breaks the file, and
        # runs go on from what is there. FULL would cost a disk flush for every streamed frame.
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma foreign_keys = on")
        return connection


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    """`executescript` would commit the transaction it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def unavailable(e: Exception, path: Path) -> Unavailable:
    code = getattr(e, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    number = getattr(e, "errno", None)
    if primary == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(e):
        return Unavailable(
            f"There is no room left on the disk that holds {path}. Free some space and try again; "
            "everything saved before is intact."
        )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable(
            f"Another program has kept the database {path} locked for {BUSY_TIMEOUT_S:.0f} seconds. "
            "Close it and try again.",
            passes=True,
        )
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM) or number is not None:
        return Unavailable(
            f"The database {path} cannot be opened for writing ({e}). "
            "Check the folder's permissions, or set CODEFLOW_DATA_DIR to another one."
        )
    return Unavailable(f"The database {path} does not work ({e}). Check the disk, or restore the file from a backup.")
