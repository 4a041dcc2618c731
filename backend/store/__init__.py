"""Where projects, journals and files live. Two implementations, one contract: `sqlite.py` (embedded) and `supabase.py`.

What every store promises:

1. **Isolation.** A method that takes a `user` sees and changes that user's rows only; anything else is `NotFound`, as
   if it did not exist. The database itself keeps users apart: by row security on Postgres, by an authorizer on SQLite.
   A worker reads what its lease is for, and nothing else; a visitor what a share's token opens.
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
9. **Usage.** A prompt, or a plan, takes one point of its user's window in the transaction that queues it, once per run id, however
   many start at once. A run that ends `failed` gives it back, into the same window only; a cancelled one does not.
   What the models really cost is added when the run finishes, once.
10. **Shares.** Only a hash of a share's token is kept. A revoked one is `NotFound`, like one that never was.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from backend.domain import (
    Attachment,
    CheckReport,
    FollowUp,
    Lease,
    OpenRun,
    Preview,
    Project,
    ProjectCard,
    Run,
    RunKind,
    RunStatus,
    Share,
    SharedVersion,
    Usage,
    User,
    Version,
)
from backend.events import Entry, Event, Frame


class Poke(Protocol):
    """Wakes readers of a project. Carries no data and may be lost: wait with a time-out, then read."""

    async def wait(self, timeout_s: float) -> None: ...


class Store(Protocol):
    async def close(self) -> None: ...

    # As a user
    async def create_project(self, user: User, title: str, starter: Mapping[str, bytes]) -> Project:
        """A project whose version 0 holds the `starter` files."""
        ...

    async def projects(self, user: User, limit: int = 100) -> list[ProjectCard]:
        """Newest activity first."""
        ...

    async def project(self, user: User, project_id: str) -> Project: ...
    async def rename_project(self, user: User, project_id: str, title: str) -> None: ...
    async def set_model(self, user: User, project_id: str, model: str | None) -> None:
        """The model that later runs ask first; None: the installation's default."""
        ...

    async def variables(self, user: User, project_id: str) -> list[tuple[str, datetime]]:
        """Names of the variables of the project's app, and when each was last set, by name. Values are the workers'."""
        ...

    async def set_variable(self, user: User, project_id: str, name: str, sealed: str | None) -> None:
        """`sealed` is a value that only a worker can open; None: the variable is no more, also when it never was.

        A fork, a share's preview and a remix have none of the original's. Raises `InvalidInput` beyond `MAX_VARIABLES`.
        """
        ...

    async def look_at(self, user: User, project_id: str) -> None:
        """The user has the project's page open just now: its preview is kept awake. Pokes nobody."""
        ...

    async def delete_project(self, user: User, project_id: str) -> list[str]:
        """With its journal, versions, blobs and shares. Returns the sandboxes it and its shares' previews had.

        Raises `Busy` while a run is queued or running.
        """
        ...

    async def start_run(
        self,
        user: User,
        project_id: str,
        run_id: str,
        kind: RunKind,
        prompt: str,
        *,
        attachments: Sequence[tuple[str, str, bytes]] = (),
        restore_id: str | None = None,
        resends: str | None = None,
        edits: Mapping[str, bytes | None] | None = None,
    ) -> Run:
        """Queue a run and journal `RunQueued`. `attachments` are (name, media type, bytes).

        `restore_id` is a version of the project, also for a prompt; `resends` one of its runs.

        Raises `Busy` when the project has a run that is not over, and `LimitReached` when the user's tier has no more
        to give: then nothing is queued, and nothing charged. Kinds other than `prompt` and `plan` take no point.
        """
        ...

    async def run(self, user: User, run_id: str) -> Run: ...
    async def active_run(self, user: User, project_id: str) -> Run | None: ...
    async def cancel_run(self, user: User, run_id: str, *, undo: bool = False) -> Run:
        """Finish a queued run as cancelled; a running one gets `CancelRequested`, and its worker finishes it.

        A running one whose lease has expired is finished here too, but with `undo`: what it wrote is taken back by a
        worker. The project's follow-ups are held.
        """
        ...

    async def followups(self, user: User, project_id: str) -> list[FollowUp]:
        """In the order they will be sent."""
        ...

    async def add_followup(
        self,
        user: User,
        project_id: str,
        followup_id: str,
        prompt: str,
        *,
        attachments: Sequence[tuple[str, str, bytes]] = (),
    ) -> FollowUp:
        """Put a prompt behind the others; one with a known id, waiting or sent, is not put there again.

        Every change of the follow-ups is journaled as `FollowUpsChanged`. Raises `InvalidInput` beyond `MAX_FOLLOWUPS`,
        `MAX_PROMPT_CHARS` and `MAX_FOLLOWUPS_CHARS`, and in a project that has had no run yet.
        """
        ...

    async def change_followup(self, user: User, followup_id: str, prompt: str) -> FollowUp:
        """Raises `NotFound`, also when it was sent meanwhile; `InvalidInput` when it is too long, as `add_followup`."""
        ...

    async def move_followup(self, user: User, followup_id: str, before: str | None) -> None:
        """Put it before another one of the project, or last. Raises `NotFound` for either."""
        ...

    async def remove_followup(self, user: User, followup_id: str) -> None:
        """Removing twice is once."""
        ...

    async def send_followup(self, user: User, project_id: str) -> Run | None:
        """Make the first one a run now, held or not, as `start_run` would; the others go on waiting, no longer held.

        None: there is none. Raises `Busy` and `LimitReached`, and then it stays where it is.
        """
        ...

    async def fork_project(self, user: User, project_id: str, version_id: str) -> Project:
        """A new project of the user whose version 0 holds that version's files, titled as the original with “(copy)”."""
        ...

    async def entries(self, user: User, project_id: str, after: int = 0, limit: int = 1000) -> list[Entry]: ...
    async def frames(self, user: User, project_id: str, after: int = 0) -> list[tuple[int, Frame]]:
        """Frames of steps in flight with their position; pass the largest position seen as `after`."""
        ...

    async def tail(
        self, user: User, project_id: str, after: int = 0, frames_after: int = 0, limit: int = 1000
    ) -> tuple[list[Entry], list[tuple[int, Frame]]]:
        """`entries` and `frames` of one and the same moment: the frames belong to steps in flight after the last entry.

        Without frames as long as `limit` cuts the entries short.
        """
        ...

    async def version(self, user: User, version_id: str) -> Version: ...
    async def versions(self, user: User, project_id: str) -> list[Version]:
        """Oldest first."""
        ...

    async def tree(self, user: User, project_id: str) -> dict[str, str]:
        """path → sha256 of the project's files as they now are: the head version, with the changes journaled since.

        A cancelled or failed run keeps what it wrote, so its changes stay in the tree.
        """
        ...

    async def blob(self, user: User, project_id: str, sha256: str) -> bytes: ...
    async def blobs(self, user: User, project_id: str, sha256s: Sequence[str]) -> dict[str, bytes]: ...
    def watch(self, user: User, project_id: str) -> AbstractContextManager[Poke]:
        """Be poked when anything of the project changes."""
        ...

    async def usage(self, user: User) -> Usage: ...
    async def create_share(self, user: User, project_id: str, version_id: str, history: bool) -> tuple[Share, str]:
        """The share and its link's token, which cannot be had again. The version's files are copied for the preview."""
        ...

    async def shares(self, user: User, project_id: str) -> list[Share]:
        """Those not revoked, newest first."""
        ...

    async def revoke_share(self, user: User, share_id: str) -> str | None:
        """Its link is dead at once. Returns the sandbox its preview had, if any; revoking twice is once."""
        ...

    async def remix(self, user: User, token: str) -> Project:
        """A new project of the user whose version 0 holds the shared version's files. Raises `NotFound`."""
        ...

    async def delete_account(self, user: User) -> list[str]:
        """The user and everything of theirs, at once. Returns the sandboxes their projects had."""
        ...

    # As anybody
    async def open_share(self, token: str) -> SharedVersion:
        """Raises `NotFound`."""
        ...

    async def share_picture(self, token: str) -> bytes:
        """The version's screenshot, JPEG. Raises `NotFound`."""
        ...

    async def wake_share(self, token: str) -> SharedVersion:
        """Queue bringing the share's preview up, unless it is up or on its way.

        Raises `NotFound`, and `LimitReached` (`rate`) when this share was woken too often of late.
        """
        ...

    async def billing_event(self, body: str, signature: str) -> bool:
        """A payment provider's webhook call, as it came: checked, then applied once. False when it was known already.

        `signature` is the `Stripe-Signature` header. Raises `InvalidInput` for a wrong or stale signature.
        """
        ...

    # As the operator
    async def set_tier(self, account: str, tier_id: str) -> None:
        """`account` is a user's id or e-mail address. Raises `NotFound` for either."""
        ...

    async def set_app_secret(self, name: str, value: str | None) -> None:
        """Something only the store's own functions may read (`billing_webhook`); None forgets it."""
        ...

    # As a worker
    async def claim_run(
        self, worker: str, lease_s: float, run_id: str | None = None
    ) -> tuple[Run, Project, Lease] | None:
        """A queued run, or one whose lease has expired; the given one only, if `run_id`.

        What a person waits for comes before a share's preview; then, of whoever has fewest runs under way, the oldest.
        Journals `RunClaimed`. None: nothing to do.
        """
        ...

    async def renew_lease(self, lease: Lease, lease_s: float) -> Run:
        """The run as it now is: a worker learns of `cancel_requested` here."""
        ...

    async def leased_run(self, lease: Lease) -> Run:
        """The run as it now is, without renewing."""
        ...

    async def leased_project(self, lease: Lease) -> Project: ...
    async def leased_entries(self, lease: Lease, after: int = 0, limit: int = 1000) -> list[Entry]:
        """The journal of the run's project."""
        ...

    async def leased_version(self, lease: Lease, version_id: str) -> Version: ...
    async def leased_tree(self, lease: Lease) -> dict[str, str]: ...
    async def leased_blobs(self, lease: Lease, sha256s: Sequence[str]) -> dict[str, bytes]: ...
    async def leased_variables(self, lease: Lease) -> dict[str, str]:
        """name → sealed value of the variables of the project's app."""
        ...

    def watch_run(self, run: Run) -> AbstractContextManager[Poke]:
        """Be poked when the leased run may have been cancelled."""
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
        """Journal `VersionCommitted` and make it the head. Its parent is the version the run started from."""
        ...

    async def run_status(self, run_id: str) -> RunStatus: ...
    async def finish_run(self, lease: Lease, event: Event) -> None:
        """Journal the `RunFinished` event and end the lease. Follow-ups of a run that did not succeed are held."""
        ...

    async def send_due_followups(self) -> list[str]:
        """Make runs of the first follow-ups of projects whose runs are over and that are not held. Their ids.

        One that the tier has no points or money for stays, and its project's are held; while its owner has as many
        prompts under way as may be, it only waits for the next call. One that can never be a run is held as failed.
        """
        ...

    async def open_runs(self, limit: int = 1000) -> list[OpenRun]:
        """All users' runs that are not over, the longest waiting first; for the operator."""
        ...

    async def pending(self) -> int:
        """How many runs wait for a worker, or lost theirs."""
        ...

    async def claimable(self, limit: int) -> list[str]:
        """Their ids, the longest waiting first: for whoever starts a worker for each."""
        ...

    def watch_queue(self) -> AbstractContextManager[Poke]:
        """Be poked when a run is queued or a lease is released."""
        ...

    async def previews(self) -> list[Preview]:
        """The sandboxes that projects name, but for those a run is under way on, which looks after its own."""
        ...

    async def unclaimed_sandboxes(self, sandbox_ids: Sequence[str]) -> list[str]:
        """Those of the given that no project names."""
        ...

    async def clear_preview(self, project_id: str, sandbox_id: str) -> None:
        """The sandbox is gone: forget it, if it is still the project's.

        Journals `SandboxClosed` under the newest run.
        """
        ...


__all__ = ["Attachment", "Poke", "RunStatus", "Store"]
