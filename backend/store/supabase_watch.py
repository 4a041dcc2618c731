"""Pokes across processes: one glance at a project now and then, however many readers wait for its news."""

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from postgrest import AsyncSelectRequestBuilder

from backend.domain import CodeFlowError, NotSignedIn, Run, User
from backend.store import Poke
from backend.store.pokes import EventPoke, Pokes
from backend.store.supabase_api import Api

QUEUE = "queue"
"""The topic poked when a run can be claimed; project ids are the other topics."""
ACTIVE_S = 0.2
"""Between glances while a run is queued or under way."""
IDLE_S = 1.5
TROUBLE_S = 15.0
"""The longest pause after glances that failed."""
CANCEL_S = 0.25
"""How late a worker learns, at most, that its run was cancelled by another process."""

_COLUMNS = "seq,title,preview_url,frames(position),runs(id)"


class Watch:
    """Who waits for what. `wrote` wakes this process's readers at once; those of others find out by a glance."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._pokes = Pokes()
        self._glances: dict[tuple[str, str], _Glances] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def wrote(self, topic: str) -> None:
        self._pokes.poke(topic)

    def queued(self, project_id: str) -> None:
        """A run of the project waits for a worker."""
        self.wrote(project_id)
        self.wrote(QUEUE)
        self.expect(project_id)

    def expect(self, project_id: str) -> None:
        """Look soon and often: something was set off that other processes will write about."""
        for (_, watched), glances in self._glances.items():
            if watched == project_id:
                glances.soon()

    @contextmanager
    def project(self, user: User, project_id: str) -> Iterator[Poke]:
        key = user.id, project_id
        with self._pokes.watch(project_id) as poke:
            glances = self._glances.setdefault(key, _Glances(self._api, self._pokes, project_id))
            glances.join(user)
            try:
                yield poke
            finally:
                glances.leave(user)
                if not glances.wanted:
                    del self._glances[key]
                    self._end(glances)

    @contextmanager
    def run(self, run: Run) -> Iterator[Poke]:
        with self._pokes.watch(cancelled(run.id)) as poke:
            yield _Impatient(poke, CANCEL_S)

    @contextmanager
    def queue(self) -> Iterator[Poke]:
        with self._pokes.watch(QUEUE) as poke:
            yield poke

    async def close(self) -> None:
        for glances in self._glances.values():
            self._end(glances)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _end(self, glances: "_Glances") -> None:
        if task := glances.end():
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


def cancelled(run_id: str) -> str:
    """The topic poked when the run may have been cancelled."""
    return f"cancelled {run_id}"


class _Impatient:
    """Ends every wait soon: whoever waits looks for itself."""

    def __init__(self, poke: EventPoke, longest_s: float) -> None:
        self._poke = poke
        self._longest_s = longest_s

    async def wait(self, timeout_s: float) -> None:
        await self._poke.wait(min(timeout_s, self._longest_s))


class _Glances:
    """Looks at one project with the newest reader's token, until nobody reads or no token is good any more."""

    def __init__(self, api: Api, pokes: Pokes, project_id: str) -> None:
        self._api = api
        self._pokes = pokes
        self._project_id = project_id
        self._readers: list[User] = []
        self._refused: set[str] = set()
        self._soon = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def wanted(self) -> bool:
        return bool(self._readers)

    def join(self, user: User) -> None:
        self._readers.append(user)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on())

    def leave(self, user: User) -> None:
        self._readers.remove(user)

    def soon(self) -> None:
        self._soon.set()

    def end(self) -> asyncio.Task[None] | None:
        if self._task:
            self._task.cancel()
        return self._task

    async def _look_on(self) -> None:
        seen: object = None
        trouble_s = IDLE_S
        while reader := self._reader():
            pause_s = IDLE_S
            try:
                found = await self._look(reader)
            except NotSignedIn:
                # The reader's own next read is refused too, and tells the person.
                self._refused.add(_token(reader))
                self._pokes.poke(self._project_id)
                continue
            except CodeFlowError:
                pause_s = trouble_s = min(2 * trouble_s, TROUBLE_S)
            else:
                trouble_s = IDLE_S
                if found != seen:
                    seen = found
                    self._pokes.poke(self._project_id)
                if not found:
                    return
                if found[0]["runs"]:
                    pause_s = ACTIVE_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._soon.wait()
            self._soon.clear()

    async def _look(self, reader: User) -> list[dict[str, Any]]:
        def query(select: AsyncSelectRequestBuilder) -> AsyncSelectRequestBuilder:
            newest_frame = select.order("position", desc=True, foreign_table="frames").limit(1, foreign_table="frames")
            under_way = newest_frame.in_("runs.status", ["queued", "running"])
            return under_way.eq("id", self._project_id)

        return await self._api.rows(self._api.user(reader), "projects", _COLUMNS, query, limit=1)

    def _reader(self) -> User | None:
        return next((reader for reader in reversed(self._readers) if _token(reader) not in self._refused), None)


def _token(user: User) -> str:
    return user.token.get_secret_value() if user.token else ""
