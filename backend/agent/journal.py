"""What the agent loop needs to know of the run it works for; `backend.runs` provides it."""

from collections.abc import Sequence
from typing import Protocol

from backend.domain import Run
from backend.events import Delta, Entry, Event

BASE_STEP = "base:0"
"""Gives a prompt that is sent again the files it starts from, before its agent begins."""
UNDO_STEP = "undo:0"
"""Takes back what a stopped run wrote."""


class Journal(Protocol):
    """One claimed run. Every method raises `LeaseLost` when this worker no longer has the run."""

    @property
    def run(self) -> Run: ...

    @property
    def title(self) -> str:
        """The project's title; empty until someone names it."""
        ...

    @property
    def past(self) -> Sequence[Entry]:
        """The project's journal before this run, oldest first."""
        ...

    @property
    def entries(self) -> Sequence[Entry]:
        """This run's own journal: what an earlier attempt left, then what this one appends."""
        ...

    def done(self, step: str) -> bool:
        """Whether the step's result is already in the journal."""
        ...

    async def append(self, *events: Event, step: str | None = None, blobs: Sequence[bytes] = ()) -> None:
        """Write facts; with `step`, they are that step's one and only result."""
        ...

    async def stream(self, step: str, delta: Delta) -> None:
        """Show a piece of a step in flight. Returns at once; pieces are coalesced into frames."""
        ...

    async def blob(self, sha256: str) -> bytes:
        """Content named by an earlier event or an attachment."""
        ...
