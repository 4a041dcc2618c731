"""What every store promises (`backend.store`), as tests. A store's own test subclasses `StoreContract` and opens itself.

`World` lets time pass, so that leases run out without anybody waiting.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from backend.domain import (
    Busy,
    CheckLevel,
    CheckReport,
    CheckResult,
    FileChange,
    FileStatus,
    InvalidInput,
    Lease,
    LeaseLost,
    NotFound,
    Project,
    Run,
    RunKind,
    RunStatus,
)
from backend.events import (
    CancelRequested,
    CheckFinished,
    Delta,
    Entry,
    Event,
    Frame,
    LogLines,
    ModelFinished,
    ModelRestarted,
    ProjectTitled,
    RunClaimed,
    RunFinished,
    RunQueued,
    SandboxClosed,
    StepStarted,
    ToolFinished,
    VersionCommitted,
)
from backend.store import Store

ADA, EVE = "ada", "eve"
STARTER = {"app/page.tsx": b"export default 0\n", "logo.png": b"\x89PNG\0\x01"}


@dataclass
class World:
    """A store and its clock."""

    store: Store
    passed_s: float = field(default=0.0)

    def let_pass(self, seconds: float) -> None:
        self.passed_s += seconds

    async def project(self, user: str = ADA) -> Project:
        return await self.store.create_project(user, "Cats", STARTER)

    async def queued(self, user: str = ADA, run_id: str = "run-1", project: Project | None = None) -> Run:
        project = project or await self.project(user)
        return await self.store.start_run(user, project.id, run_id, RunKind.PROMPT, "a page for cats")

    async def claimed(
        self, user: str = ADA, run_id: str = "run-1", project: Project | None = None
    ) -> tuple[Run, Lease]:
        await self.queued(user, run_id, project)
        claimed = await self.store.claim_run("worker", 15, run_id)
        assert claimed
        return claimed[0], claimed[2]

    async def events(self, run: Run) -> list[Event]:
        return [e.event for e in await self.store.entries(run.owner, run.project_id)]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def said(step: str = "model:0", cost: int = 5) -> ModelFinished:
    return ModelFinished(step=step, model="m", message={"a": [1]}, text="Hi", cost_micros=cost, duration_ms=1)


def wrote(step: str, **files: bytes | None) -> ToolFinished:
    """A tool that wrote (or, with None, deleted) `app_page` as `app/page.tsx`."""
    changes = [
        FileChange(
            path=f"{name.replace('_', '/')}.tsx",
            status=FileStatus.MODIFIED if body is not None else FileStatus.DELETED,
            added=1,
            removed=0,
            diff="",
            sha256=sha(body) if body is not None else None,
        )
        for name, body in files.items()
    ]
    return ToolFinished(
        step=step, call_id="c", tool="write", target="", ok=True, result="", changes=changes, duration_ms=1
    )


def finished(status: RunStatus = RunStatus.SUCCEEDED, cost: int = 7) -> RunFinished:
    return RunFinished.model_validate({"status": status, "verified": True, "duration_s": 1.0, "cost_micros": cost})


def passed(picture: bytes | None = None) -> CheckReport:
    result = CheckResult(level=CheckLevel.TYPES, passed=True, summary="types agree", duration_ms=1)
    return CheckReport(
        passed=True, results=[result], problems=[], screenshot_sha256=sha(picture) if picture is not None else None
    )


def frame(step: str = "model:0", n: int = 0, text: str = "Hel") -> Frame:
    return Frame(run_id="run-1", step=step, n=n, deltas=[Delta(part=0, kind="text", text=text)])


class StoreContract:
    """Subclass it with a fixture `world` that opens the store."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        raise NotImplementedError("A store's test provides its world.")
        yield  # noqa: PT022

    # Projects

    async def test_a_new_project_holds_the_starter_as_version_0(self, world: World) -> None:
        project = await world.project()
        versions = await world.store.versions(ADA, project.id)
        assert [(v.number, v.id, v.parent_id) for v in versions] == [(0, project.head_id, None)]
        tree = await world.store.tree(ADA, project.id)
        assert tree == versions[0].manifest == {path: sha(body) for path, body in STARTER.items()}
        blobs = await world.store.blobs(ADA, project.id, list(tree.values()))
        assert {path: blobs[h] for path, h in tree.items()} == STARTER

    async def test_projects_are_listed_with_the_newest_activity_first(self, world: World) -> None:
        first = await world.project()
        world.let_pass(1)
        second = await world.project()
        assert [c.id for c in await world.store.projects(ADA)] == [second.id, first.id]
        world.let_pass(1)
        _, lease = await world.claimed(project=first)
        cards = await world.store.projects(ADA)
        assert [(c.id, c.active) for c in cards] == [(first.id, True), (second.id, False)]
        picture = b"\xff\xd8\xff"
        await world.store.append(lease, [], blobs=[picture])
        await world.store.commit_version(lease, "v1", {}, passed(picture))
        await world.store.finish_run(lease, finished())
        card = (await world.store.projects(ADA, limit=1))[0]
        assert (card.id, card.active, card.versions, card.screenshot_sha256) == (first.id, False, 1, sha(picture))

    async def test_a_title_given_by_the_person_or_the_agents_is_the_projects_and_in_its_journal(
        self, world: World
    ) -> None:
        run, lease = await world.claimed()
        await world.store.append(lease, [ProjectTitled(title="By agents")])
        assert (await world.store.project(ADA, run.project_id)).title == "By agents"
        await world.store.rename_project(ADA, run.project_id, "By Ada")
        assert (await world.store.project(ADA, run.project_id)).title == "By Ada"
        assert (await world.events(run))[-1] == ProjectTitled(title="By Ada")

    async def test_a_project_is_deleted_whole_but_not_under_a_run(self, world: World) -> None:
        run, lease = await world.claimed()
        with pytest.raises(Busy):
            await world.store.delete_project(ADA, run.project_id)
        await world.store.finish_run(lease, finished())
        await world.store.delete_project(ADA, run.project_id)
        for look in (
            world.store.project(ADA, run.project_id),
            world.store.entries(ADA, run.project_id),
            world.store.run(ADA, run.id),
            world.store.blob(ADA, run.project_id, sha(STARTER["app/page.tsx"])),
        ):
            with pytest.raises(NotFound):
                await look

    # Isolation

    async def test_another_user_finds_nothing_and_changes_nothing(self, world: World) -> None:
        run, lease = await world.claimed()
        store, project_id = world.store, run.project_id
        head = (await store.project(ADA, project_id)).head_id
        own = await world.project(EVE)
        before = await store.entries(ADA, project_id)
        attempts: dict[str, Callable[[], Awaitable[object]]] = {
            "project": lambda: store.project(EVE, project_id),
            "rename_project": lambda: store.rename_project(EVE, project_id, "Mine"),
            "delete_project": lambda: store.delete_project(EVE, project_id),
            "start_run": lambda: store.start_run(EVE, project_id, "run-e", RunKind.PROMPT, "x"),
            "start_run with a known id": lambda: store.start_run(EVE, own.id, run.id, RunKind.PROMPT, "x"),
            "start_run to a foreign version": lambda: store.start_run(
                EVE, own.id, "run-e", RunKind.RESTORE, "x", restore_id=head
            ),
            "run": lambda: store.run(EVE, run.id),
            "active_run": lambda: store.active_run(EVE, project_id),
            "cancel_run": lambda: store.cancel_run(EVE, run.id),
            "entries": lambda: store.entries(EVE, project_id),
            "frames": lambda: store.frames(EVE, project_id),
            "tail": lambda: store.tail(EVE, project_id),
            "version": lambda: store.version(EVE, head),
            "versions": lambda: store.versions(EVE, project_id),
            "tree": lambda: store.tree(EVE, project_id),
            "blob": lambda: store.blob(EVE, project_id, sha(STARTER["app/page.tsx"])),
            "blobs": lambda: store.blobs(EVE, project_id, [sha(STARTER["app/page.tsx"])]),
            "blob by hash alone": lambda: store.blob(EVE, own.id, sha(b"only Ada's")),
        }
        await store.append(lease, [], blobs=[b"only Ada's"])
        for name, attempt in attempts.items():
            with pytest.raises(NotFound):
                pytest.fail(f"{name} answered {await attempt()}")
        assert [c.id for c in await store.projects(EVE)] == [own.id]
        assert await store.entries(ADA, project_id) == before
        asked = set(attempts) | {"projects", "create_project", "watch"}
        without_user = {"close", "watch_queue", "pending", "orphaned_previews", "idle_previews", "clear_preview"} | {
            "claim_run", "renew_lease", "release_lease", "append", "write_frame", "set_preview", "commit_version",
            "finish_run", "run_status",
        }  # fmt: skip
        methods = {name for name in dir(Store) if not name.startswith("_")} - without_user
        assert methods <= asked, "every method that takes a user is tried as a stranger"

    # Starting

    async def test_starting_twice_with_one_id_is_one_run(self, world: World) -> None:
        project = await world.project()
        runs = [await world.queued(project=project) for _ in range(3)]
        assert runs[0] == runs[1] == runs[2]
        assert [type(e) for e in await world.events(runs[0])] == [RunQueued]

    async def test_a_project_has_one_run_at_a_time(self, world: World) -> None:
        project = await world.project()
        await world.queued(project=project)
        with pytest.raises(Busy):
            await world.queued(project=project, run_id="run-2")
        active = await world.store.active_run(ADA, project.id)
        assert active
        assert active.id == "run-1"

    async def test_of_many_starts_at_once_one_wins(self, world: World) -> None:
        project = await world.project()
        starts = [world.queued(project=project, run_id=f"run-{n}") for n in range(100)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        assert sum(isinstance(r, Run) for r in results) == 1
        assert sum(isinstance(r, Busy) for r in results) == 99
        entries = await world.store.entries(ADA, project.id)
        assert [e.seq for e in entries] == [1]

    async def test_attachments_and_edits_are_kept_as_content(self, world: World) -> None:
        project = await world.project()
        picture = b"\x89PNG attached"
        run = await world.store.start_run(
            ADA,
            project.id,
            "run-1",
            RunKind.EDIT,
            "Edit",
            attachments=[("cat.png", "image/png", picture)],
            edits={"a.txt": b"new", "gone.txt": None},
        )
        assert run.edits == {"a.txt": sha(b"new"), "gone.txt": None}
        assert [a.sha256 for a in run.attachments] == [sha(picture)]
        assert await world.store.blob(ADA, project.id, sha(picture)) == picture
        assert await world.store.blob(ADA, project.id, sha(b"new")) == b"new"
        assert await world.store.run(ADA, "run-1") == run

    @pytest.mark.parametrize("text", ["nul \0 in it", "half \ud800 a character"])
    async def test_text_no_store_can_hold_is_refused_and_nothing_is_queued(self, world: World, text: str) -> None:
        project = await world.project()
        with pytest.raises(InvalidInput):
            await world.store.start_run(ADA, project.id, "run-1", RunKind.PROMPT, text)
        with pytest.raises(InvalidInput):
            await world.store.rename_project(ADA, project.id, text)
        assert await world.store.pending() == 0

    async def test_hostile_text_comes_back_as_it_was(self, world: World) -> None:
        project = await world.project()
        text = "'; drop table runs; -- ${x} <script> \\u0000 \U0001f408 %s \r\n"
        run = await world.store.start_run(ADA, project.id, "run-1", RunKind.PROMPT, text)
        assert (await world.store.run(ADA, run.id)).prompt == text
        assert await world.events(run) == [RunQueued(kind=RunKind.PROMPT, prompt=text)]

    # Claiming and leases

    async def test_runs_are_claimed_oldest_first_each_by_one_worker(self, world: World) -> None:
        for n in range(5):
            await world.queued(run_id=f"run-{n}")
            world.let_pass(1)
        assert await world.store.pending() == 5
        claims = await asyncio.gather(*(world.store.claim_run(f"w{n}", 15) for n in range(8)))
        assert sorted(c[0].id for c in claims if c) == [f"run-{n}" for n in range(5)]
        assert next(c[0].id for c in claims if c) == "run-0"
        assert await world.store.pending() == 0

    async def test_a_claim_is_journaled_with_its_attempt(self, world: World) -> None:
        run, _ = await world.claimed()
        assert (run.status, run.attempt) == (RunStatus.RUNNING, 1)
        world.let_pass(20)
        again = await world.store.claim_run("other", 15)
        assert again
        assert again[0].attempt == 2
        assert (await world.events(run))[1:] == [RunClaimed(attempt=1), RunClaimed(attempt=2)]

    async def test_a_lease_that_is_renewed_is_not_taken(self, world: World) -> None:
        _, lease = await world.claimed()
        for _ in range(3):
            world.let_pass(10)
            await world.store.renew_lease(lease, 15)
        assert await world.store.claim_run("other", 15) is None

    async def test_a_released_run_is_claimed_at_once(self, world: World) -> None:
        run, lease = await world.claimed()
        with world.store.watch_queue() as poke:
            await world.store.release_lease(lease)
            await asyncio.wait_for(poke.wait(10), 5)
        claimed = await world.store.claim_run("other", 15, run.id)
        assert claimed
        assert claimed[0].id == run.id

    @pytest.mark.parametrize("how", ["taken", "released", "finished", "cancelled after expiry"])
    async def test_a_worker_that_lost_its_lease_writes_nothing(self, world: World, how: str) -> None:
        run, zombie = await world.claimed()
        match how:
            case "taken":
                world.let_pass(20)
                assert await world.store.claim_run("other", 15)
            case "released":
                await world.store.release_lease(zombie)
            case "finished":
                await world.store.finish_run(zombie, finished())
            case _:
                world.let_pass(20)
                assert (await world.store.cancel_run(ADA, run.id)).status is RunStatus.CANCELLED
        store, project_id = world.store, run.project_id
        before = (
            await store.entries(ADA, project_id),
            await store.tree(ADA, project_id),
            await store.frames(ADA, project_id),
        )
        state = await store.run(ADA, run.id), await store.project(ADA, project_id)
        writes = [
            store.renew_lease(zombie, 15),
            store.release_lease(zombie),
            store.append(zombie, [said()], step="model:0"),
            store.append(zombie, [wrote("tool:0:0", app_page=b"evil")], blobs=[b"evil"]),
            store.write_frame(zombie, frame()),
            store.set_preview(project_id, zombie, "sb", "http://x"),
            store.commit_version(zombie, "v", {}, None),
            store.finish_run(zombie, finished(RunStatus.FAILED)),
        ]
        for write in writes:
            with pytest.raises(LeaseLost):
                await write
        after = (
            await store.entries(ADA, project_id),
            await store.tree(ADA, project_id),
            await store.frames(ADA, project_id),
        )
        assert after == before
        assert (await store.run(ADA, run.id), await store.project(ADA, project_id)) == state
        with pytest.raises(NotFound):
            await store.blob(ADA, project_id, sha(b"evil"))

    # Journal

    async def test_order_has_no_gap_across_runs_and_pages(self, world: World) -> None:
        project = await world.project()
        for n in range(3):
            _, lease = await world.claimed(run_id=f"run-{n}", project=project)
            await asyncio.gather(
                *(world.store.append(lease, [LogLines(source="dev", lines=[str(i)])] * 2) for i in range(10))
            )
            await world.store.finish_run(lease, finished())
        everything = await world.store.entries(ADA, project.id)
        assert [e.seq for e in everything] == list(range(1, len(everything) + 1))
        pages: list[Entry] = []
        while page := await world.store.entries(ADA, project.id, pages[-1].seq if pages else 0, limit=7):
            pages += page
        assert pages == everything

    async def test_a_steps_result_is_written_once(self, world: World) -> None:
        run, lease = await world.claimed()
        first = await world.store.append(lease, [said(cost=5)], step="model:0")
        assert len(first) == 1
        again = await world.store.append(lease, [said(cost=9), LogLines(source="dev", lines=["x"])], step="model:0")
        assert again == []
        assert (await world.events(run))[2:] == [said(cost=5)]
        assert (await world.store.run(ADA, run.id)).cost_micros == 5

    async def test_the_same_step_key_in_another_run_is_another_step(self, world: World) -> None:
        project = await world.project()
        for n in range(2):
            _, lease = await world.claimed(run_id=f"run-{n}", project=project)
            assert await world.store.append(lease, [said()], step="model:0")
            await world.store.finish_run(lease, finished())

    async def test_an_append_is_written_whole_or_not_at_all(self, world: World) -> None:
        run, lease = await world.claimed()
        nameless = wrote("tool:0:0", app_page=b"content that was not given")
        with pytest.raises(InvalidInput):
            await world.store.append(lease, [said(), nameless], step="tool:0:0", blobs=[b"kept?"])
        assert len(await world.events(run)) == 2
        with pytest.raises(NotFound):
            await world.store.blob(ADA, run.project_id, sha(b"kept?"))
        assert await world.store.append(lease, [wrote("tool:0:0", app_page=b"x")], step="tool:0:0", blobs=[b"x"])

    async def test_nul_in_an_event_is_refused(self, world: World) -> None:
        _, lease = await world.claimed()
        with pytest.raises(InvalidInput):
            await world.store.append(lease, [LogLines(source="dev", lines=["a\0b"])])
        assert await world.store.append(lease, [LogLines(source="dev", lines=["a\\u0000b"])])

    async def test_the_tree_is_the_head_with_the_changes_since(self, world: World) -> None:
        project = await world.project()
        _, lease = await world.claimed(project=project)
        await world.store.append(lease, [wrote("tool:0:0", app_page=b"1", app_new=b"2")], blobs=[b"1", b"2"])
        await world.store.append(lease, [wrote("tool:0:1", app_new=None, lib_a=b"3")], blobs=[b"3"])
        expected = {"app/page.tsx": sha(b"1"), "lib/a.tsx": sha(b"3"), "logo.png": sha(STARTER["logo.png"])}
        assert await world.store.tree(ADA, project.id) == expected
        await world.store.finish_run(lease, finished(RunStatus.FAILED))
        assert await world.store.tree(ADA, project.id) == expected

    # Frames

    async def test_frames_are_seen_in_order_and_end_with_their_step(self, world: World) -> None:
        run, lease = await world.claimed()
        for n in range(3):
            await world.store.write_frame(lease, frame(n=n))
        await world.store.write_frame(lease, frame(step="tool:0:0", n=3))
        frames = await world.store.frames(ADA, run.project_id)
        assert [f.n for _, f in frames] == [0, 1, 2, 3]
        assert [f.n for _, f in await world.store.frames(ADA, run.project_id, frames[1][0])] == [2, 3]
        await world.store.append(lease, [said()], step="model:0")
        assert [f.n for _, f in await world.store.frames(ADA, run.project_id)] == [3]
        await world.store.write_frame(lease, frame(n=4))
        positions = [p for p, _ in await world.store.frames(ADA, run.project_id)]
        assert positions == sorted(positions)
        assert positions[0] > frames[2][0]

    @pytest.mark.parametrize(
        "event", [ModelRestarted(step="model:0", model="m", reason="r"), StepStarted(step="model:0", kind="model")]
    )
    async def test_frames_of_a_step_that_begins_again_are_void(self, world: World, event: Event) -> None:
        run, lease = await world.claimed()
        await world.store.write_frame(lease, frame())
        await world.store.append(lease, [event])
        assert await world.store.frames(ADA, run.project_id) == []

    async def test_frames_of_a_lost_worker_or_a_finished_run_are_gone(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.write_frame(lease, frame())
        world.let_pass(20)
        claimed = await world.store.claim_run("other", 15)
        assert claimed
        assert await world.store.frames(ADA, run.project_id) == []
        await world.store.write_frame(claimed[2], frame())
        await world.store.finish_run(claimed[2], finished())
        assert await world.store.frames(ADA, run.project_id) == []

    async def test_a_tail_shows_no_frames_before_the_entries_they_follow(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.append(lease, [StepStarted(step="model:0", kind="model")])
        await world.store.write_frame(lease, frame())
        entries, frames = await world.store.tail(ADA, run.project_id, limit=2)
        assert (len(entries), frames) == (2, [])
        entries, frames = await world.store.tail(ADA, run.project_id, after=2, limit=2)
        assert (len(entries), [f.n for _, f in frames]) == (1, [0])
        assert await world.store.tail(ADA, run.project_id, 3, frames[-1][0]) == ([], [])

    # Versions

    async def test_a_version_is_the_new_head_and_tells_its_changes(self, world: World) -> None:
        project = await world.project()
        run, lease = await world.claimed(project=project)
        body = b"export default 0\nconst a = 1\n"
        await world.store.append(lease, [], blobs=[body])
        version = await world.store.commit_version(lease, "Cats", {"app/page.tsx": sha(body)}, passed())
        assert (version.number, version.parent_id, version.run_id) == (1, project.head_id, run.id)
        assert version.verified
        assert (await world.store.project(ADA, project.id)).head_id == version.id
        assert await world.store.version(ADA, version.id) == version
        assert await world.store.tree(ADA, project.id) == version.manifest
        committed = (await world.events(run))[-1]
        assert isinstance(committed, VersionCommitted)
        changes = {c.path: c for c in committed.changes}
        assert (changes["app/page.tsx"].added, changes["app/page.tsx"].removed) == (1, 0)
        assert "+const a = 1" in changes["app/page.tsx"].diff
        assert (changes["logo.png"].status, changes["logo.png"].diff) == (FileStatus.DELETED, "")

    async def test_committing_twice_is_one_version(self, world: World) -> None:
        run, lease = await world.claimed()
        first = await world.store.commit_version(lease, "Cats", {}, None)
        again = await world.store.commit_version(lease, "Dogs", {}, passed())
        assert again == first
        assert sum(isinstance(e, VersionCommitted) for e in await world.events(run)) == 1

    async def test_a_version_names_only_content_that_is_there(self, world: World) -> None:
        run, lease = await world.claimed()
        with pytest.raises(InvalidInput):
            await world.store.commit_version(lease, "Cats", {"a": sha(b"not given")}, None)
        assert len(await world.store.versions(ADA, run.project_id)) == 1

    async def test_a_report_names_only_a_screenshot_that_is_there(self, world: World) -> None:
        _, lease = await world.claimed()
        event = CheckFinished(step="check:0", report=passed(b"not given"), duration_ms=1)
        with pytest.raises(InvalidInput):
            await world.store.append(lease, [event], step="check:0")

    # The end

    async def test_a_finished_run_says_so_and_frees_its_project(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.finish_run(lease, finished(cost=7))
        await world.store.finish_run(lease, finished(cost=7))
        over = await world.store.run(ADA, run.id)
        assert (over.status, over.cost_micros) == (RunStatus.SUCCEEDED, 7)
        assert over.finished_at is not None
        assert (await world.events(run))[2:] == [finished(cost=7)]
        assert await world.store.run_status(run.id) is RunStatus.SUCCEEDED
        assert await world.store.active_run(ADA, run.project_id) is None
        assert await world.store.pending() == 0

    async def test_a_queued_run_is_cancelled_at_once(self, world: World) -> None:
        run = await world.queued()
        cancelled = await world.store.cancel_run(ADA, run.id)
        assert cancelled.status is RunStatus.CANCELLED
        last = (await world.events(run))[-1]
        assert isinstance(last, RunFinished)
        assert last.status is RunStatus.CANCELLED
        assert await world.store.claim_run("w", 15) is None

    async def test_a_running_run_learns_that_it_is_cancelled_and_finishes_itself(self, world: World) -> None:
        run, lease = await world.claimed()
        for _ in range(2):
            assert (await world.store.cancel_run(ADA, run.id)).cancel_requested
        assert (await world.store.renew_lease(lease, 15)).cancel_requested
        await world.store.append(lease, [LogLines(source="dev", lines=["last words"])])
        await world.store.finish_run(lease, finished(RunStatus.CANCELLED))
        assert sum(isinstance(e, CancelRequested) for e in await world.events(run)) == 1
        assert (await world.store.cancel_run(ADA, run.id)).status is RunStatus.CANCELLED

    async def test_a_run_whose_worker_is_dead_is_cancelled_without_one(self, world: World) -> None:
        run, _ = await world.claimed()
        world.let_pass(20)
        assert (await world.store.cancel_run(ADA, run.id)).status is RunStatus.CANCELLED

    # Previews

    async def test_a_preview_is_known_until_its_sandbox_is_gone(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.set_preview(run.project_id, lease, "sb1", "http://preview")
        assert await world.store.orphaned_previews() == [], "a run under way looks after its own sandbox"
        await world.store.finish_run(lease, finished())
        assert await world.store.orphaned_previews() == [(run.project_id, "sb1")]
        await world.store.clear_preview(run.project_id, "another")
        assert (await world.store.project(ADA, run.project_id)).preview_url == "http://preview"
        await world.store.clear_preview(run.project_id, "sb1")
        project = await world.store.project(ADA, run.project_id)
        assert (project.sandbox_id, project.preview_url) == (None, None)
        assert sum(isinstance(e, SandboxClosed) for e in await world.events(run)) == 1

    async def test_a_preview_is_idle_when_its_project_has_seen_nothing_new_for_long(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.set_preview(run.project_id, lease, "sb1", "http://preview")
        await world.store.finish_run(lease, finished())
        assert await world.store.idle_previews(60) == []
        world.let_pass(61)
        assert await world.store.idle_previews(60) == [(run.project_id, "sb1")]

    # Pokes

    async def test_readers_are_poked_by_whatever_can_be_read(self, world: World) -> None:
        run, lease = await world.claimed()
        with world.store.watch(run.project_id) as poke:
            changes: list[Callable[[], Awaitable[object]]] = [
                lambda: world.store.append(lease, [said()], step="model:0"),
                lambda: world.store.write_frame(lease, frame()),
                lambda: world.store.cancel_run(ADA, run.id),
                lambda: world.store.rename_project(ADA, run.project_id, "Dogs"),
                lambda: world.store.finish_run(lease, finished()),
            ]
            for change in changes:
                await change()
                async with asyncio.timeout(5):
                    await poke.wait(10)

    async def test_a_wait_without_a_poke_ends_in_time(self, world: World) -> None:
        project = await world.project()
        with world.store.watch(project.id) as poke:
            async with asyncio.timeout(5):
                await poke.wait(0.01)
