"""Floors that are no server: a process in an empty jail, and a row in a database."""

import asyncio
import sqlite3
import time
from pathlib import Path


class EmptyJail:
    """Spawn bubblewrap around `true`, and wait for it; where there is none, `true` alone."""

    def __init__(self, bwrap: Path | None) -> None:
        self._command = [str(bwrap), "--unshare-all", "--ro-bind", "/", "/", "true"] if bwrap else ["true"]

    async def timed(self) -> float:
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(*self._command)
        await process.wait()
        return time.perf_counter() - started


class RawAppend:
    """One row, committed, as SQLite does it with a write-ahead log."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file)
        self._database.execute("PRAGMA journal_mode=WAL")
        # As our store has it: no flush to the disk for each row.
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body TEXT)")

    async def timed(self) -> float:
        started = time.perf_counter()
        with self._database:
            self._database.execute("INSERT INTO events (body) VALUES (?)", ('{"type": "run.queued"}',))
        return time.perf_counter() - started
