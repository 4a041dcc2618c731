"""One claimed run's journal, as the agent sees it: facts are written under the lease, streamed pieces become frames."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from backend.domain import CodeFlowError, Lease, LeaseLost, Project, Run
from backend.events import (
    CheckFinished,
    Delta,
    Entry,
    Event,
    Frame,
    ModelFinished,
    ModelRestarted,
    ProjectTitled,
    StepStarted,
    ToolFinished,
    sandbox_seconds,
    spent_micros,
)
from backend.runs.measuring import measure
from backend.store import Store

FRAME_S = 0.05
"""Streamed pieces are shown together, so often."""
REMOTE_FRAME_S = 0.15
"""The same where each frame is a call over HTTPS."""
PAGE = 1000

M = TypeVar("M", bound=BaseModel)


class RunJournal:
    """`backend.agent.journal.Journal` on a store and a lease. Close it when the work is done."""

    def __init__(
        self, store: Store, run: Run, project: Project, lease: Lease, entries: Sequence[Entry], frame_s: float = FRAME_S
    ) -> None:
        self.run = run
        self.lease = lease
        self.title = project.title
        self._project = project
        self._at_opening = entries
        self._opened_at = entries[-1].seq if entries else 0
        self._own = [e for e in entries if e.run_id == run.id]
        self.past: Sequence[Entry] = [e for e in entries if e.run_id != run.id]
        self.entries: Sequence[Entry] = self._own
        self._store = store
        self._frame_s = frame_s
        self._done = {step for e in self.entries if (step := result_of(e.event))}
        self._writing = asyncio.Lock()
        self._pieces: list[tuple[str, Delta]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._flushed_at = 0.0
        # Frames of a later attempt count on from above those of an earlier one.
        self._frame = run.attempt << 20
        self._lost: LeaseLost | None = None

    @classmethod
    async def open(
        cls, store: Store, run: Run, project: Project, lease: Lease, frame_s: float = FRAME_S
    ) -> "RunJournal":
        return cls(store, run, project, lease, await _read(store, lease), frame_s)

    async def reopened(self, run: Run) -> "RunJournal":
        """As the store has it by now: an append that was broken off may have been written all the same."""
        entries = [*self._at_opening, *await _read(self._store, self.lease, self._opened_at)]
        return RunJournal(self._store, run, self._project, self.lease, entries, self._frame_s)

    @property
    def cost_micros(self) -> int:
        """Spent on models in all attempts, in millionths of a US dollar."""
        return spent_micros(self.entries)

    @property
    def sandbox_s(self) -> float:
        """How long a sandbox was held, in all attempts."""
        return sandbox_seconds(self.entries)

    def done(self, step: str) -> bool:
        return step in self._done

    async def append(self, *events: Event, step: str | None = None, blobs: Sequence[bytes] = ()) -> None:
        """Raises `LeaseLost`."""
        over = {e.step for e in events if isinstance(e, StepStarted | ModelRestarted)} | {step}
        # What is still to be shown of a finished step is in its result.
        self._pieces = [(key, delta) for key, delta in self._pieces if key not in over]
        async with self._writing:
            written = await self._store.append(
                self.lease, [storable(event) for event in events], step=step, blobs=blobs
            )
        self._own += written
        if step is not None:
            self._done.add(step)
        for entry in written:
            measure(entry.event)
            if isinstance(entry.event, ProjectTitled):
                self.title = entry.event.title

    async def stream(self, step: str, delta: Delta) -> None:
        """Raises `LeaseLost` once a frame could not be written because of it."""
        if self._lost:
            raise self._lost
        self._pieces.append((step, delta))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    async def blob(self, sha256: str) -> bytes:
        return (await self._store.leased_blobs(self.lease, [sha256]))[sha256]

    async def close(self) -> None:
        """Stop streaming; what is left unshown is dropped."""
        self._pieces.clear()
        if self._flushing:
            self._flushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flushing

    async def _flush(self) -> None:
        await asyncio.sleep(self._flushed_at + self._frame_s - time.monotonic())
        async with self._writing:
            pieces, self._pieces = self._pieces, []
            self._flushed_at = time.monotonic()
            for step in dict.fromkeys(key for key, _ in pieces):
                deltas = coalesce([delta for key, delta in pieces if key == step])
                frame = Frame(run_id=self.run.id, step=step, n=self._frame, deltas=deltas)
                self._frame += 1
                try:
                    await self._store.write_frame(self.lease, storable(frame))
                except LeaseLost as e:
                    self._lost = e
                    return
                except CodeFlowError:
                    # Frames are disposable; the step's result will meet the same trouble and tell of it.
                    return
        if self._pieces:
            self._flushing = asyncio.create_task(self._flush())


async def _read(store: Store, lease: Lease, after: int = 0) -> list[Entry]:
    """The journal of the run's project, from `after` on."""
    entries: list[Entry] = []
    while page := await store.leased_entries(lease, after, PAGE):
        entries += page
        after = page[-1].seq
        if len(page) < PAGE:
            break
    return entries


def result_of(event: Event) -> str | None:
    """The key of the step whose result the event is."""
    return event.step if isinstance(event, ModelFinished | ToolFinished | CheckFinished) else None


def coalesce(deltas: Sequence[Delta]) -> list[Delta]:
    """Join neighbours of one part into one piece."""
    joined: list[Delta] = []
    for delta in deltas:
        last = joined[-1] if joined else None
        if last and (last.part, last.kind, last.tool) == (delta.part, delta.kind, delta.tool):
            joined[-1] = last.model_copy(update={"text": last.text + delta.text})
        else:
            joined.append(delta)
    return joined


def storable(fact: M) -> M:
    """The same without NUL and half characters, which models and programs do print, and stores cannot hold."""
    try:
        if "\\u0000" not in fact.model_dump_json():
            return fact
    except PydanticSerializationError:
        pass
    return type(fact).model_validate(_clean(fact.model_dump()))


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
        case _:
            return value
