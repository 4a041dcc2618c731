"""Where projects, journals and files live. Two implementations, one contract: `sqlite.py` (embedded) and `supabase.py`.

What every store promises:

1. **Isolation.** A method that takes a `user` sees and changes that user's rows only; anything else is `NotFound`, as
   if it did not exist.
2. **Idempotence.** `start_run` with a known run id returns that run and queues nothing. `append` with a step key
   already in the run's journal writes nothing. `commit_version` for a run that has one returns it. Every call may be
   retried.
3. **Fencing.** A worker method carries a `Lease`. Once the lease is lost (expired and taken, or the run cancelled or
   finished) it raises `LeaseLost` and writes nothing.
4. **Order.** `seq` grows by one per event within a project, and an event is visible only after every event before it.
5. **Atomicity.** An `append` is one transaction: its events, its blobs, and the end of its step's frames.
6. **Clock.** Leases are judged by the store's clock, read after its lock is taken.
7. **Content.** Blobs are addressed by SHA-256 within a project; a blob named by an event or a manifest is there.
8. **Text.** NUL in text is refused with `InvalidInput`, by every store.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from backend.domain import Attachment, CheckReport, Lease, Project, ProjectCard, Run, RunKind, RunStatus, Version
from backend.events import Entry, Event, Frame


class Poke(Protocol):
    """Wakes readers of a project. Carries no data and may be lost: wait with a time-out, then read."""

    async def wait(self, timeout_s: float) -> None: ...


class Store(Protocol):
    async def close(self) -> None: ...

    # As a user
    async def create_project(self, user: str, title: str, starter: Mapping[str, bytes]) -> Project:
        """A project whose version 0 holds the `starter` files."""
        ...

    async def projects(self, user: str, limit: int = 100) -> list[ProjectCard]:
        """Newest activity first."""
        ...

    async def project(self, user: str, project_id: str) -> Project: ...
    async def rename_project(self, user: str, project_id: str, title: str) -> None: ...
    async def delete_project(self, user: str, project_id: str) -> None:
        """With its journal, versions and blobs. Raises `Busy` while a run is queued or running."""
        ...

    async def start_run(
        self,
        user: str,
        project_id: str,
        run_id: str,
        kind: RunKind,
        prompt: str,
        *,
        attachments: Sequence[tuple[str, str, bytes]] = (),
        restore_id: str | None = None,
        edits: Mapping[str, bytes | None] | None = None,
    ) -> Run:
        """Queue a run and journal `RunQueued`. `attachments` are (name, media type, bytes).

        Raises `Busy` when the project has a run that is not over.
        """
        ...

    async def run(self, user: str, run_id: str) -> Run: ...
    async def active_run(self, user: str, project_id: str) -> Run | None: ...
    async def cancel_run(self, user: str, run_id: str) -> Run:
        """Finish a queued run as cancelled; a running one gets `CancelRequested`, and its worker finishes it.

        A running one whose lease has expired is finished here too.
        """
        ...

    async def entries(self, user: str, project_id: str, after: int = 0, limit: int = 1000) -> list[Entry]: ...
    async def frames(self, user: str, project_id: str, after: int = 0) -> list[tuple[int, Frame]]:
        """Frames of steps in flight with their position; pass the largest position seen as `after`."""
        ...

    async def tail(
        self, user: str, project_id: str, after: int = 0, frames_after: int = 0, limit: int = 1000
    ) -> tuple[list[Entry], list[tuple[int, Frame]]]:
        """`entries` and `frames` of one and the same moment: the frames belong to steps in flight after the last entry.

        Without frames as long as `limit` cuts the entries short.
        """
        ...

    async def version(self, user: str, version_id: str) -> Version: ...
    async def versions(self, user: str, project_id: str) -> list[Version]:
        """Oldest first."""
        ...

    async def tree(self, user: str, project_id: str) -> dict[str, str]:
        """path → sha256 of the project's files as they now are: the head version, with the changes journaled since.

        A cancelled or failed run keeps what it wrote, so its changes stay in the tree.
        """
        ...

    async def blob(self, user: str, project_id: str, sha256: str) -> bytes: ...
    async def blobs(self, user: str, project_id: str, sha256s: Sequence[str]) -> dict[str, bytes]: ...
    def watch(self, project_id: str) -> AbstractContextManager[Poke]:
        """Be poked when anything of the project changes."""
        ...

    # As a worker
    async def claim_run(
        self, worker: str, lease_s: float, run_id: str | None = None
    ) -> tuple[Run, Project, Lease] | None:
        """The oldest queued run, or one whose lease has expired; the given one only, if `run_id`.

        Journals `RunClaimed`. None: nothing to do.
        """
        ...

    async def renew_lease(self, lease: Lease, lease_s: float) -> Run:
        """The run as it now is: a worker learns of `cancel_requested` here."""
        ...

    async def release_lease(self, lease: Lease) -> None:
        """Hand the run back at once, to be claimed by another worker (shut-down)."""
        ...

    async def append(
        self,
        lease: Lease,
        events: Sequence[Event],
        *,
        step: str | None = None,
        blobs: Sequence[bytes] = (),
    ) -> list[Entry]:
        """With `step`, the events are that step's result: written once per run and key, and the step's frames end.

        A repeat returns []. Blobs may come without events.
        """
        ...

    async def write_frame(self, lease: Lease, frame: Frame) -> None: ...
    async def set_preview(
        self, project_id: str, lease: Lease, sandbox_id: str | None, preview_url: str | None
    ) -> None: ...
    async def commit_version(
        self, lease: Lease, title: str, manifest: Mapping[str, str], report: CheckReport | None
    ) -> Version:
        """Journal `VersionCommitted` and make it the head."""
        ...

    async def run_status(self, run_id: str) -> RunStatus: ...
    async def finish_run(self, lease: Lease, event: Event) -> None:
        """Journal the `RunFinished` event and end the lease."""
        ...

    async def pending(self) -> int:
        """How many runs wait for a worker, or lost theirs."""
        ...

    def watch_queue(self) -> AbstractContextManager[Poke]:
        """Be poked when a run is queued or a lease is released."""
        ...

    async def orphaned_previews(self) -> list[tuple[str, str]]:
        """(project id, sandbox id) believed alive, of projects no run is under way on; for the reaper."""
        ...

    async def idle_previews(self, idle_s: float) -> list[tuple[str, str]]:
        """Those of `orphaned_previews` whose project has seen nothing new for so long."""
        ...

    async def clear_preview(self, project_id: str, sandbox_id: str) -> None:
        """The sandbox is gone: forget it, if it is still the project's.

        Journals `SandboxClosed` under the newest run.
        """
        ...


__all__ = ["Attachment", "Poke", "RunStatus", "Store"]
