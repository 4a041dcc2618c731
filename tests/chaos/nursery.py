"""Worker processes by the dozen: forks of one process that has imported everything, so that each is there at once.

`Nursery.open` runs this file as that process. It is told what to do in lines of JSON, answers each with one, and ends,
with all its workers, when its standard input does.
"""

import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Task:
    """What a worker process is started for."""

    folder: str
    """Holds the SQLite file, the sandboxes and the record of model calls."""
    supabase: tuple[str, str, str] | None = None
    """Address, publishable key and worker token; without, the store is the SQLite file."""
    lease_s: float = 2.0
    slots: int = 2
    pace_s: float = 0.01
    """Between two pieces of a model's answer."""
    run_id: str | None = None
    """Work on this run only, then end."""
    clock_off_s: float = 0.0
    """How wrong the process's clock is."""
    lock_patience_s: float | None = None
    """How long a write waits for another process's transaction; None: as in production."""


class WorkerProcess:
    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self._nursery = nursery

    async def kill(self) -> None:
        await self._nursery.ask("end", pid=self.pid, signal=signal.SIGKILL)

    async def terminate(self) -> int:
        """Ask it to end, and wait for it. Its exit status."""
        return await self._nursery.ask("end", pid=self.pid, signal=signal.SIGTERM)

    async def freeze(self) -> None:
        await self._nursery.ask("send", pid=self.pid, signal=signal.SIGSTOP)

    async def thaw(self) -> None:
        await self._nursery.ask("send", pid=self.pid, signal=signal.SIGCONT)

    async def ended(self, timeout_s: float = 60) -> int:
        """Its exit status, once it has ended by itself."""
        async with asyncio.timeout(timeout_s):
            while (status := await self._nursery.ask("poll", pid=self.pid)) is None:
                await asyncio.sleep(0.05)
        return status


class Nursery:
    """One for the whole test session; `clear` ends all workers that a test has left behind."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._asking = threading.Lock()

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator["Nursery"]:
        process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin
        assert process.stdout
        try:
            yield cls(process)
        finally:
            process.stdin.close()
            process.wait()
            process.stdout.close()

    async def start(self, task: Task) -> WorkerProcess:
        return WorkerProcess(self, await self.ask("start", task=asdict(task)))

    async def clear(self) -> None:
        await self.ask("clear")

    async def ask(self, what: str, **about: Any) -> Any:
        return await asyncio.to_thread(self._ask, json.dumps({"what": what, **about}))

    def _ask(self, line: str) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        with self._asking:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


class _Children:
    def __init__(self) -> None:
        self.pids: set[int] = set()

    def start(self, task: dict[str, Any]) -> int:
        if pid := os.fork():
            self.pids.add(pid)
            return pid
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            log = os.open(Path(task["folder"]) / "workers.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.dup2(log, 1)
            os.dup2(log, 2)
            from tests.chaos.work import work

            asyncio.run(work(Task(**task)))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def send(self, pid: int, signal: int) -> None:
        # Not reaped before `end` or `poll` say so: its number is nobody else's.
        if pid in self.pids:
            os.kill(pid, signal)

    def end(self, pid: int, signal: int) -> int | None:
        self.send(pid, signal)
        return self._reap(pid, 0)

    def clear(self) -> None:
        for pid in tuple(self.pids):
            self.end(pid, signal.SIGKILL)

    def poll(self, pid: int) -> int | None:
        return self._reap(pid, os.WNOHANG)

    def _reap(self, pid: int, options: int) -> int | None:
        if pid not in self.pids:
            return None
        reaped, status = os.waitpid(pid, options)
        if not reaped:
            return None
        self.pids.discard(pid)
        return os.waitstatus_to_exitcode(status)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import tests.chaos.work  # noqa: F401

    gc.freeze()
    children = _Children()
    try:
        for line in sys.stdin:
            request = json.loads(line)
            answer = getattr(children, request.pop("what"))(**request)
            print(json.dumps(answer), flush=True)
    finally:
        children.clear()


if __name__ == "__main__":
    main()
