"""What a worker does under its lease, on Supabase."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from backend.diffs import file_change
from backend.domain import (
    CheckReport,
    FileChange,
    InvalidInput,
    Lease,
    LeaseLost,
    NotFound,
    OpenRun,
    Preview,
    Project,
    Run,
    RunKind,
    RunStatus,
    Version,
)
from backend.events import Entry, Event, Frame, RunFinished
from backend.store import Poke
from backend.store.supabase_api import BLOBS_AT_ONCE, PAGE, Api
from backend.store.supabase_rows import (
    decoded,
    encoded,
    new_id,
    to_entries,
    to_json,
    to_open_run,
    to_preview,
    to_project,
    to_run,
    to_version,
)
from backend.store.supabase_watch import QUEUE, Watch
from backend.store.text import require_text

RECENT = 50
"""Entries that others, such as the person's Stop, may have written in the moment between two tries."""


SENDING_TURNS = 5
"""Looks at the follow-ups that are due: those whose owner does something else just then are left to the next one."""
SENDING_PAUSE_S = 0.05


class WorkerPart:
    def __init__(self, api: Api, watch: Watch) -> None:
        self._api = api
        self._watch = watch
        self._projects: dict[str, str] = {}
        """Of the leases held here, by token: whose readers to poke."""

    async def claim_run(
        self, worker: str, lease_s: float, run_id: str | None = None
    ) -> tuple[Run, Project, Lease] | None:
        token = f"{worker}:{new_id()}"
        claimed = await self._api.call(
            self._api.worker(), "claim_run", p_token=token, p_lease_s=lease_s, p_run_id=run_id
        )
        if claimed is None:
            return None
        run, project = to_run(claimed["run"]), to_project(claimed["project"])
        self._projects[token] = project.id
        self._watch.wrote(project.id)
        return run, project, Lease(run_id=run.id, token=token)

    async def renew_lease(self, lease: Lease, lease_s: float) -> Run:
        return to_run(await self._leased(lease, "renew_lease", p_lease_s=lease_s))

    async def leased_run(self, lease: Lease) -> Run:
        return to_run(await self._leased(lease, "leased_run"))

    async def leased_project(self, lease: Lease) -> Project:
        return to_project(await self._leased(lease, "leased_project"))

    async def leased_entries(self, lease: Lease, after: int = 0, limit: int = 1000) -> list[Entry]:
        found: list[Entry] = []
        while True:
            size = min(PAGE, limit - len(found))
            start = found[-1].seq if found else after
            page = to_entries(await self._leased(lease, "leased_entries", p_after=start, p_limit=size))
            found += page
            if len(page) < size or len(found) == limit:
                return found

    async def leased_version(self, lease: Lease, version_id: str) -> Version:
        return to_version(await self._leased(lease, "leased_version", p_version=version_id))

    async def leased_variables(self, lease: Lease) -> dict[str, str]:
        return await self._leased(lease, "leased_variables")

    async def leased_tree(self, lease: Lease) -> dict[str, str]:
        return await self._leased(lease, "leased_tree")

    async def leased_blobs(self, lease: Lease, sha256s: Sequence[str]) -> dict[str, bytes]:
        wanted = sorted(set(sha256s))
        found: dict[str, bytes] = {}
        for start in range(0, max(1, len(wanted)), BLOBS_AT_ONCE):
            hashes = wanted[start : start + BLOBS_AT_ONCE]
            answer = await self._leased(lease, "leased_blobs", p_hashes=hashes)
            found |= {sha256: decoded(body) for sha256, body in answer.items()}
        return found

    def watch_run(self, run: Run) -> AbstractContextManager[Poke]:
        return self._watch.run(run)

    async def release_lease(self, lease: Lease) -> None:
        arguments = {"p_run": lease.run_id, "p_token": lease.token}
        await self._api.call_gone(self._api.worker(), LeaseLost, "release_lease", **arguments)
        self._projects.pop(lease.token, None)
        self._watch.wrote(QUEUE)

    async def append(
        self, lease: Lease, events: Sequence[Event], *, step: str | None = None, blobs: Sequence[bytes] = ()
    ) -> list[Entry]:
        # What is no step's result gets a key too, so that a call whose answer was lost is not written twice.
        key = step or (f"once:{new_id()}" if events else None)
        written, repeated = await self._api.call_counted(
            self._api.worker(),
            "append_events",
            p_run=lease.run_id,
            p_token=lease.token,
            p_events=[to_json(event, "event") for event in events],
            p_step=key,
            p_blobs=[encoded(body) for body in blobs],
        )
        entries = to_entries(written)
        if repeated and not entries:
            entries = await self._written_before(lease, events)
        self._wrote(lease)
        return entries

    async def write_frame(self, lease: Lease, frame: Frame) -> None:
        # Tried once: a frame is disposable, and one that comes late is worth nothing.
        await self._api.call_once(
            self._api.worker(),
            "write_frame",
            p_run=lease.run_id,
            p_token=lease.token,
            p_frame=to_json(frame, "frame"),
        )
        self._wrote(lease)

    async def set_preview(self, project_id: str, lease: Lease, sandbox_id: str | None, preview_url: str | None) -> None:
        await self._leased(
            lease, "set_preview", p_project=project_id, p_sandbox_id=sandbox_id, p_preview_url=preview_url
        )
        self._watch.wrote(project_id)

    async def commit_version(
        self, lease: Lease, title: str, manifest: Mapping[str, str], report: CheckReport | None
    ) -> Version:
        require_text(title, "title")
        for path in manifest:
            require_text(path, "path")
        changes = await self._changes(lease, manifest)
        row = await self._leased(
            lease,
            "commit_version",
            p_version=new_id(),
            p_title=title,
            p_manifest=dict(manifest),
            p_report=None if report is None else to_json(report, "report"),
            p_changes=[change.model_dump(mode="json") for change in changes],
        )
        version = to_version(row)
        self._watch.wrote(version.project_id)
        return version

    async def run_status(self, run_id: str) -> RunStatus:
        return RunStatus(await self._api.call(self._api.worker(), "run_status", p_run=run_id))

    async def finish_run(self, lease: Lease, event: Event) -> None:
        if not isinstance(event, RunFinished):
            raise TypeError(f"A run is finished by a RunFinished event, not by {type(event).__name__}.")
        await self._leased(lease, "finish_run", p_event=to_json(event, "event"))
        self._wrote(lease)
        self._projects.pop(lease.token, None)

    async def send_due_followups(self) -> list[str]:
        sent: list[str] = []
        for turn in range(SENDING_TURNS):
            answer = await self._api.call(self._api.worker(), "send_due_followups")
            for row in answer["sent"]:
                sent.append(row["id"])
                self._watch.queued(row["project_id"])
            if not answer["again"]:
                break
            await asyncio.sleep(SENDING_PAUSE_S * turn)
        return sent

    async def open_runs(self, limit: int = 1000) -> list[OpenRun]:
        return [to_open_run(row) for row in await self._api.call(self._api.overseer(), "open_runs", p_limit=limit)]

    async def pending(self) -> int:
        return await self._api.call(self._api.worker(), "pending")

    async def claimable(self, limit: int) -> list[str]:
        return await self._api.call(self._api.worker(), "claimable", p_limit=limit)

    def watch_queue(self) -> AbstractContextManager[Poke]:
        return self._watch.queue()

    async def previews(self) -> list[Preview]:
        return [to_preview(row) for row in await self._api.call(self._api.worker(), "previews")]

    async def unclaimed_sandboxes(self, sandbox_ids: Sequence[str]) -> list[str]:
        return await self._api.call(self._api.worker(), "unclaimed_sandboxes", p_sandbox_ids=list(sandbox_ids))

    async def clear_preview(self, project_id: str, sandbox_id: str) -> None:
        await self._api.call(self._api.worker(), "clear_preview", p_project=project_id, p_sandbox_id=sandbox_id)
        self._watch.wrote(project_id)

    async def _leased(self, lease: Lease, function: str, **arguments: Any) -> Any:
        try:
            return await self._api.call(
                self._api.worker(), function, p_run=lease.run_id, p_token=lease.token, **arguments
            )
        except LeaseLost:
            self._projects.pop(lease.token, None)
            raise

    def _wrote(self, lease: Lease) -> None:
        if project_id := self._projects.get(lease.token):
            self._watch.wrote(project_id)

    async def _written_before(self, lease: Lease, events: Sequence[Event]) -> list[Entry]:
        """The entries that an earlier try of this call wrote: the newest with just these events, one after the other."""
        newest: int = (await self._leased(lease, "leased_project"))["seq"]
        recent = await self.leased_entries(lease, max(0, newest - len(events) - RECENT))
        for start in range(len(recent) - len(events), -1, -1):
            found = recent[start : start + len(events)]
            if [e.event for e in found] == list(events) and all(e.run_id == lease.run_id for e in found):
                return found
        return []

    async def _changes(self, lease: Lease, after: Mapping[str, str]) -> list[FileChange]:
        """Against the version a prompt started from. Against the head for a restore: it tells what it turned back."""
        run, project = await asyncio.gather(self.leased_run(lease), self.leased_project(lease))
        started_from = run.restore_id if run.kind is RunKind.PROMPT else None
        before = (await self.leased_version(lease, started_from or project.head_id)).manifest
        changed = [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
        named = {sha256 for path in changed for sha256 in (before.get(path), after.get(path)) if sha256}
        try:
            bodies = await self.leased_blobs(lease, sorted(named))
        except NotFound:
            raise InvalidInput("The version names a content that was not given to the store.") from None
        contents: dict[str | None, bytes | None] = {None: None, **bodies}

        def compare() -> list[FileChange]:
            changes = (file_change(path, contents[before.get(path)], contents[after.get(path)]) for path in changed)
            return [change for change in changes if change]

        # Comparing large files takes long.
        return await asyncio.to_thread(compare)
