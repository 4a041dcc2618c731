"""What every store promises to workers: leases, and a journal in order."""

import asyncio

import pytest

from backend.domain import (
    InvalidInput,
    NotFound,
    RunStatus,
)
from backend.events import (
    Entry,
    Event,
    LogLines,
    ModelRestarted,
    RunClaimed,
    StepStarted,
)
from tests.store.world import STARTER, World, finished, frame, said, sha, wrote


class JournalPromises:
    # Claiming and leases

    async def test_runs_are_claimed_oldest_first_each_by_one_worker(self, world: World) -> None:
        for n in range(5):
            await world.queued(run_id=f"run-{n}")
            world.let_pass(1)
        assert await world.store.pending() == 5
        first = await world.store.claim_run("w", 15)
        assert first
        assert first[0].id == "run-0"
        claims = await asyncio.gather(*(world.store.claim_run(f"w{n}", 15) for n in range(7)))
        assert sorted(c[0].id for c in claims if c) == [f"run-{n}" for n in range(1, 5)]
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

    # Journal

    async def test_order_has_no_gap_across_runs_and_pages(self, world: World) -> None:
        project = await world.project()
        for n in range(3):
            _, lease = await world.claimed(run_id=f"run-{n}", project=project)
            await asyncio.gather(
                *(world.store.append(lease, [LogLines(source="dev", lines=[str(i)])] * 2) for i in range(10))
            )
            await world.store.finish_run(lease, finished())
        everything = await world.store.entries(world.ada, project.id)
        assert [e.seq for e in everything] == list(range(1, len(everything) + 1))
        pages: list[Entry] = []
        while page := await world.store.entries(world.ada, project.id, pages[-1].seq if pages else 0, limit=7):
            pages += page
        assert pages == everything

    async def test_a_steps_result_is_written_once(self, world: World) -> None:
        run, lease = await world.claimed()
        first = await world.store.append(lease, [said(cost=5)], step="model:0")
        assert len(first) == 1
        again = await world.store.append(lease, [said(cost=9), LogLines(source="dev", lines=["x"])], step="model:0")
        assert again == []
        assert (await world.events(run))[2:] == [said(cost=5)]
        assert (await world.store.run(world.ada, run.id)).cost_micros == 5

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
            await world.store.blob(world.ada, run.project_id, sha(b"kept?"))
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
        assert await world.store.tree(world.ada, project.id) == expected
        await world.store.finish_run(lease, finished(RunStatus.FAILED))
        assert await world.store.tree(world.ada, project.id) == expected

    # Frames

    async def test_frames_are_seen_in_order_and_end_with_their_step(self, world: World) -> None:
        run, lease = await world.claimed()
        for n in range(3):
            await world.store.write_frame(lease, frame(n=n))
        await world.store.write_frame(lease, frame(step="tool:0:0", n=3))
        frames = await world.store.frames(world.ada, run.project_id)
        assert [f.n for _, f in frames] == [0, 1, 2, 3]
        assert [f.n for _, f in await world.store.frames(world.ada, run.project_id, frames[1][0])] == [2, 3]
        await world.store.append(lease, [said()], step="model:0")
        assert [f.n for _, f in await world.store.frames(world.ada, run.project_id)] == [3]
        await world.store.write_frame(lease, frame(n=4))
        positions = [p for p, _ in await world.store.frames(world.ada, run.project_id)]
        assert positions == sorted(positions)
        assert positions[0] > frames[2][0]

    @pytest.mark.parametrize(
        "event", [ModelRestarted(step="model:0", model="m", reason="r"), StepStarted(step="model:0", kind="model")]
    )
    async def test_frames_of_a_step_that_begins_again_are_void(self, world: World, event: Event) -> None:
        run, lease = await world.claimed()
        await world.store.write_frame(lease, frame())
        await world.store.append(lease, [event])
        assert await world.store.frames(world.ada, run.project_id) == []

    async def test_frames_of_a_lost_worker_or_a_finished_run_are_gone(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.write_frame(lease, frame())
        world.let_pass(20)
        claimed = await world.store.claim_run("other", 15)
        assert claimed
        assert await world.store.frames(world.ada, run.project_id) == []
        await world.store.write_frame(claimed[2], frame())
        await world.store.finish_run(claimed[2], finished())
        assert await world.store.frames(world.ada, run.project_id) == []

    async def test_a_tail_shows_no_frames_before_the_entries_they_follow(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.append(lease, [StepStarted(step="model:0", kind="model")])
        await world.store.write_frame(lease, frame())
        entries, frames = await world.store.tail(world.ada, run.project_id, limit=2)
        assert (len(entries), frames) == (2, [])
        entries, frames = await world.store.tail(world.ada, run.project_id, after=2, limit=2)
        assert (len(entries), [f.n for _, f in frames]) == (1, [0])
        assert await world.store.tail(world.ada, run.project_id, 3, frames[-1][0]) == ([], [])
