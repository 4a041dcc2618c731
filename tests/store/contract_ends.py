"""What every store promises of versions, the ends of runs, previews and pokes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from backend.domain import (
    FileStatus,
    InvalidInput,
    RunStatus,
)
from backend.events import (
    CancelRequested,
    CheckFinished,
    LogLines,
    RunFinished,
    SandboxBooting,
    SandboxClosed,
    SandboxReady,
    VersionCommitted,
    sandbox_seconds,
)
from tests.store.world import World, finished, frame, passed, said, sha


class EndPromises:
    # Versions

    async def test_a_version_is_the_new_head_and_tells_its_changes(self, world: World) -> None:
        project = await world.project()
        run, lease = await world.claimed(project=project)
        body = b"export default 0\nconst a = 1\n"
        await world.store.append(lease, [], blobs=[body])
        version = await world.store.commit_version(lease, "Cats", {"app/page.tsx": sha(body)}, passed())
        assert (version.number, version.parent_id, version.run_id) == (1, project.head_id, run.id)
        assert version.verified
        assert (await world.store.project(world.ada, project.id)).head_id == version.id
        assert await world.store.version(world.ada, version.id) == version
        assert await world.store.tree(world.ada, project.id) == version.manifest
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
        assert len(await world.store.versions(world.ada, run.project_id)) == 1

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
        over = await world.store.run(world.ada, run.id)
        assert (over.status, over.cost_micros) == (RunStatus.SUCCEEDED, 7)
        assert over.finished_at is not None
        assert (await world.events(run))[2:] == [finished(cost=7)]
        assert await world.store.run_status(run.id) is RunStatus.SUCCEEDED
        assert await world.store.active_run(world.ada, run.project_id) is None
        assert await world.store.pending() == 0

    async def test_a_queued_run_is_cancelled_at_once(self, world: World) -> None:
        run = await world.queued()
        cancelled = await world.store.cancel_run(world.ada, run.id)
        assert cancelled.status is RunStatus.CANCELLED
        last = (await world.events(run))[-1]
        assert isinstance(last, RunFinished)
        assert last.status is RunStatus.CANCELLED
        assert await world.store.claim_run("w", 15) is None

    async def test_a_running_run_learns_that_it_is_cancelled_and_finishes_itself(self, world: World) -> None:
        run, lease = await world.claimed()
        for _ in range(2):
            assert (await world.store.cancel_run(world.ada, run.id)).cancel_requested
        assert (await world.store.renew_lease(lease, 15)).cancel_requested
        await world.store.append(lease, [LogLines(source="dev", lines=["last words"])])
        await world.store.finish_run(lease, finished(RunStatus.CANCELLED))
        assert sum(isinstance(e, CancelRequested) for e in await world.events(run)) == 1
        assert (await world.store.cancel_run(world.ada, run.id)).status is RunStatus.CANCELLED

    async def test_a_run_whose_worker_is_dead_is_cancelled_without_one(self, world: World) -> None:
        run, _ = await world.claimed()
        world.let_pass(20)
        assert (await world.store.cancel_run(world.ada, run.id)).status is RunStatus.CANCELLED

    # Previews

    async def test_a_preview_is_known_until_its_sandbox_is_gone(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.set_preview(run.project_id, lease, "sb1", "http://preview")
        assert await world.store.previews() == [], "a run under way looks after its own sandbox"
        await world.store.finish_run(lease, finished())
        [known] = await world.store.previews()
        assert (known.project_id, known.sandbox_id, known.preview_url) == (run.project_id, "sb1", "http://preview")
        await world.store.clear_preview(run.project_id, "another")
        assert (await world.store.project(world.ada, run.project_id)).preview_url == "http://preview"
        await world.store.clear_preview(run.project_id, "sb1")
        project = await world.store.project(world.ada, run.project_id)
        assert (project.sandbox_id, project.preview_url) == (None, None)
        assert sum(isinstance(e, SandboxClosed) for e in await world.events(run)) == 1

    async def test_a_preview_is_quiet_since_something_happened_or_somebody_looked(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.set_preview(run.project_id, lease, "sb1", "http://preview")
        await world.store.finish_run(lease, finished())
        world.let_pass(100)
        [unseen] = await world.store.previews()
        assert unseen.looked_s is None
        assert 100 <= unseen.quiet_s < 160
        await world.store.look_at(world.ada, run.project_id)
        world.let_pass(100)
        [seen] = await world.store.previews()
        assert seen.looked_s == seen.quiet_s
        assert 100 <= seen.quiet_s < 160
        assert sum(isinstance(e, SandboxClosed) for e in await world.events(run)) == 0

    async def test_a_sandbox_is_unclaimed_when_no_project_names_it_also_during_a_run(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.set_preview(run.project_id, lease, "sb1", "http://preview")
        assert await world.store.unclaimed_sandboxes(["sb0", "sb1", "sb2"]) == ["sb0", "sb2"]
        assert await world.store.unclaimed_sandboxes([]) == []

    # What a run held

    async def test_how_long_a_run_held_a_sandbox_is_kept_with_it(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.finish_run(lease, finished().model_copy(update={"sandbox_s": 12.5}))
        assert (await world.store.run(world.ada, run.id)).sandbox_s == 12.5

    async def test_a_run_ended_for_a_dead_worker_is_told_what_that_one_held(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.append(lease, [SandboxBooting()])
        ready = SandboxReady(sandbox_id="sb1", preview_url="http://preview", duration_ms=1)
        for event in (ready, LogLines(source="dev", lines=["x"]), SandboxClosed(reason="lost")):
            world.let_pass(2)
            await world.store.append(lease, [event])
        await world.store.append(lease, [SandboxBooting(reason="lost")])
        world.let_pass(20)
        over = await world.store.cancel_run(world.ada, run.id)
        entries = await world.store.entries(world.ada, run.project_id)
        assert over.sandbox_s == sandbox_seconds(entries) >= 4
        last = entries[-1].event
        assert isinstance(last, RunFinished)
        assert last.sandbox_s == over.sandbox_s

    # Pokes

    async def test_readers_are_poked_by_whatever_can_be_read(self, world: World) -> None:
        run, lease = await world.claimed()
        with world.store.watch(world.ada, run.project_id) as poke:
            changes: list[Callable[[], Awaitable[object]]] = [
                lambda: world.store.append(lease, [said()], step="model:0"),
                lambda: world.store.write_frame(lease, frame()),
                lambda: world.store.cancel_run(world.ada, run.id),
                lambda: world.store.rename_project(world.ada, run.project_id, "Dogs"),
                lambda: world.store.finish_run(lease, finished()),
            ]
            for change in changes:
                await change()
                async with asyncio.timeout(5):
                    await poke.wait(10)

    async def test_a_wait_without_a_poke_ends_in_time(self, world: World) -> None:
        project = await world.project()
        with world.store.watch(world.ada, project.id) as poke:
            async with asyncio.timeout(5):
                await poke.wait(0.01)
