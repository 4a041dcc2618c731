"""One reader of the store for a user's project, however many watch it here.

A viewer that joins reads the journal itself up to where it ends, then is handed what the reader finds. Whoever takes it
too slowly loses its place in that: nobody waits for it, it reads for itself again, and joins anew.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from backend.domain import NotSignedIn, Unavailable, User
from backend.events import Entry, Frame
from backend.store import Poke, Store

log = logging.getLogger(__name__)

PAGE = 1000
POLL_S = 5.0
"""How late a change is seen when its poke was lost."""
GATHER_S = 0.06
"""News are gathered so long: a page cannot show more often than that anyway."""
HEARTBEAT_S = 15.0
WAITING = 1000
"""Entries and frames kept for a viewer that does not take them; with more, it falls behind."""
TROUBLE_S = 0.5
"""The first pause when the store does not answer; each one is twice as long as the one before."""
GIVE_UP_S = 8.0
"""After a pause as long as this, the viewers are told."""


@dataclass(frozen=True, eq=False)
class Batch:
    """News of a project, the same object for all who watch. Empty when there was none for `HEARTBEAT_S`."""

    seq: int
    """Of the last entry known then, in this batch or before it."""
    entries: Sequence[Entry] = ()
    frames: Sequence[tuple[int, Frame]] = ()
    """With their positions; of steps in flight after the last entry."""

    @property
    def size(self) -> int:
        return len(self.entries) + len(self.frames)


class Watching:
    """Everybody in this process who watches anything."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feeds: dict[tuple[str, str], Feed] = {}

    async def require(self, user: User, project_id: str) -> None:
        """Raises what a viewer would be told at once: `NotFound`, `NotSignedIn`, `Unavailable`."""
        await self._store.project(user, project_id)

    @contextmanager
    def viewer(self, user: User, project_id: str, after: int = 0, frames_after: int = 0) -> "Iterator[Viewer]":
        """A viewer of the journal from `after` on. Nobody reads for it any more once the block ends."""
        # By user, too: what one may read is never handed to another.
        key = user.id, project_id
        feed = self._feeds.setdefault(key, Feed(self._store, project_id))
        viewer = Viewer(feed, self._store, user, project_id, after, frames_after)
        feed.join(viewer)
        try:
            yield viewer
        finally:
            feed.leave(viewer)
            if not feed.viewers:
                self._feeds.pop(key, None)

    async def watch(self, user: User, project_id: str, after: int = 0, frames_after: int = 0) -> AsyncGenerator[Batch]:
        """What a viewer gets, for as long as the caller listens."""
        with self.viewer(user, project_id, after, frames_after) as viewer:
            while True:
                yield await viewer.next()


class Viewer:
    """One who watches: where they are, and what they have not taken yet."""

    def __init__(self, feed: "Feed", store: Store, user: User, project_id: str, after: int, frames_after: int) -> None:
        self.user = user
        self.error: Exception | None = None
        self.behind = True
        """What the feed's reader finds is of no use to it: it reads for itself."""
        self._feed = feed
        self._store = store
        self._project_id = project_id
        self._seq = after
        self._frames_after = frames_after
        self._waiting: deque[Batch] = deque()
        self._size = 0
        self._news = asyncio.Event()

    async def next(self) -> Batch:
        """The next news, without gap or repeat; may be cancelled and called again.

        Raises `NotFound`, also when the project is deleted meanwhile; `NotSignedIn` when the user's token is over, and
        `Unavailable`.
        """
        while True:
            if self.error:
                raise self.error
            if self.behind:
                found = await self._read()
            elif self._waiting:
                found = self._waiting.popleft()
                self._size -= found.size
            else:
                self._news.clear()
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._news.wait()
                except TimeoutError:
                    return Batch(self._seq)
                continue
            if unseen := self._unseen(found):
                return unseen

    def offer(self, batch: Batch) -> None:
        if self.behind:
            return
        self._waiting.append(batch)
        self._size += batch.size
        if self._size > WAITING and len(self._waiting) > 1:
            self.behind = True
            self._forget()
        self._news.set()

    def fail(self, error: Exception) -> None:
        self.error = error
        self._news.set()

    async def _read(self) -> Batch:
        """Catch up, a page at a time. What the feed's reader finds from before the last page on is kept meanwhile."""
        self._forget()
        self.behind = not self._feed.running
        # Who says where the feed begins says only what the store has: the place asked for may be none.
        start = max(0, self._seq - 1) if self.behind else self._seq
        try:
            entries, frames = await self._store.tail(self.user, self._project_id, start, self._frames_after, PAGE)
        except BaseException:
            self.behind = True
            raise
        if len(entries) == PAGE:
            self.behind = True
        elif not self._feed.running:
            self._feed.begin(entries[-1].seq if entries else 0, frames[-1][0] if frames else 0)
            self.behind = False
        return Batch(max(self._seq, entries[-1].seq if entries else 0), entries, frames)

    def _unseen(self, batch: Batch) -> Batch | None:
        """What is new in the batch, and it is seen then."""
        if batch.seq < self._seq:
            # Older than what the viewer read itself: steps its frames belong to may be over.
            return None
        if batch.entries and batch.entries[0].seq <= self._seq:
            batch = Batch(batch.seq, [e for e in batch.entries if e.seq > self._seq], batch.frames)
        if batch.frames and batch.frames[0][0] <= self._frames_after:
            batch = Batch(batch.seq, batch.entries, [f for f in batch.frames if f[0] > self._frames_after])
        self._seq = batch.seq
        if batch.frames:
            self._frames_after = batch.frames[-1][0]
        return batch if batch.size else None

    def _forget(self) -> None:
        self._waiting.clear()
        self._size = 0


class Feed:
    """What the one reader of a user's project finds, for those who joined; it reads in the name of one of them."""

    def __init__(self, store: Store, project_id: str) -> None:
        self.viewers: list[Viewer] = []
        self._store = store
        self._project_id = project_id
        self._seq = 0
        self._frames_after = 0
        self._reading: asyncio.Task[None] | None = None
        self._reads_for: Viewer | None = None

    @property
    def running(self) -> bool:
        return self._reading is not None and not self._reading.done()

    def join(self, viewer: Viewer) -> None:
        self.viewers.append(viewer)

    def leave(self, viewer: Viewer) -> None:
        self.viewers.remove(viewer)
        if viewer is not self._reads_for or not self.running:
            return
        assert self._reading
        self._reading.cancel()
        # In the name of another; the feed's place moves only with what was handed out, so nothing is lost.
        self._reading = asyncio.create_task(self._read()) if self.viewers else None

    def begin(self, seq: int, frames_after: int) -> None:
        """Read from there on: a place in the journal that a viewer who is still here has read up to."""
        self._seq = seq
        self._frames_after = frames_after
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        pause_s = TROUBLE_S
        while viewer := self._whose():
            self._reads_for = viewer
            place = self._seq, self._frames_after
            try:
                with self._store.watch(viewer.user, self._project_id) as poke:
                    await self._follow(viewer.user, poke)
            except NotSignedIn as error:
                for one in self.viewers:
                    if one.user.token == viewer.user.token:
                        one.fail(error)
            except Unavailable as error:
                if (self._seq, self._frames_after) != place:
                    pause_s = TROUBLE_S
                if pause_s > GIVE_UP_S:
                    self._fail(error)
                    return
                log.warning("Nothing can be seen of project %s for now: %s", self._project_id, error.message)
                await asyncio.sleep(pause_s)
                pause_s *= 2
            except Exception as error:
                self._fail(error)
                return

    async def _follow(self, user: User, poke: Poke) -> None:
        while True:
            entries, frames = await self._store.tail(user, self._project_id, self._seq, self._frames_after, PAGE)
            if entries or frames:
                self._seq = entries[-1].seq if entries else self._seq
                self._frames_after = frames[-1][0] if frames else self._frames_after
                self._hand_out(Batch(self._seq, entries, frames))
                await asyncio.sleep(GATHER_S)
            if len(entries) < PAGE:
                await poke.wait(POLL_S)

    def _hand_out(self, batch: Batch) -> None:
        for viewer in self.viewers:
            viewer.offer(batch)

    def _whose(self) -> Viewer | None:
        """Who has been here longest, and is the likeliest to stay: when they leave, reading begins anew."""
        return next((viewer for viewer in self.viewers if viewer.error is None), None)

    def _fail(self, error: Exception) -> None:
        for viewer in self.viewers:
            viewer.fail(error)
