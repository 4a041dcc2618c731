"""What every store promises of reading under a lease: the run's own project, and nothing else."""

import pytest

from backend.domain import Lease, LeaseLost, NotFound, Run
from tests.store.world import STARTER, World, finished, said, sha


class LeasePromises:
    async def test_under_a_lease_everything_of_the_project_is_read_as_its_owner_reads_it(self, world: World) -> None:
        run, lease = await world.claimed()
        store, project_id = world.store, run.project_id
        await store.append(lease, [said()], step="model:0")
        project = await store.project(world.ada, project_id)
        assert await store.leased_run(lease) == await store.run(world.ada, run.id)
        assert await store.leased_project(lease) == project
        entries = await store.entries(world.ada, project_id)
        assert await store.leased_entries(lease) == entries
        assert await store.leased_entries(lease, after=1, limit=1) == entries[1:2]
        assert await store.leased_version(lease, project.head_id) == await store.version(world.ada, project.head_id)
        tree = await store.tree(world.ada, project_id)
        assert await store.leased_tree(lease) == tree
        assert await store.leased_blobs(lease, list(tree.values())) == {sha(body): body for body in STARTER.values()}

    async def test_a_lease_opens_no_other_project_not_even_one_of_the_same_owner(self, world: World) -> None:
        _, lease = await world.claimed()
        other_run, other_lease = await world.claimed(run_id="run-2")
        await world.store.append(other_lease, [], blobs=[b"of the other"])
        other = await world.store.project(world.ada, other_run.project_id)
        with pytest.raises(NotFound):
            await world.store.leased_version(lease, other.head_id)
        with pytest.raises(NotFound):
            await world.store.leased_blobs(lease, [sha(b"of the other")])
        with pytest.raises(LeaseLost):
            await world.store.set_preview(other.id, lease, "sb", "http://x")
        assert {entry.run_id for entry in await world.store.leased_entries(lease)} == {lease.run_id}
        assert (await world.store.leased_project(lease)).id != other.id

    async def test_a_lease_that_ran_out_but_was_not_taken_still_holds(self, world: World) -> None:
        run, lease = await world.claimed()
        world.let_pass(20)
        assert (await world.store.leased_run(lease)).id == run.id
        assert (await world.store.renew_lease(lease, 15)).id == run.id
        assert await world.store.claim_run("other", 15) is None

    async def test_runs_that_no_worker_has_are_named_the_longest_waiting_first(self, world: World) -> None:
        store = world.store
        assert await store.claimable(10) == []
        for run_id in ("lost", "held", "waiting", "over"):
            await world.queued(run_id=run_id)
            world.let_pass(1)
        _, over = await _claim(world, "over")
        await store.finish_run(over, finished())
        await _claim(world, "lost")
        world.let_pass(20)
        await _claim(world, "held")
        assert await store.claimable(10) == ["lost", "waiting"]
        assert await store.claimable(1) == ["lost"]
        assert await store.pending() == 2

    async def test_the_next_worker_reads_what_the_last_one_wrote(self, world: World) -> None:
        _, lease = await world.claimed()
        await world.store.append(lease, [said()], step="model:0")
        await world.store.release_lease(lease)
        claimed = await world.store.claim_run("other", 15)
        assert claimed
        assert said() in [entry.event for entry in await world.store.leased_entries(claimed[2])]

    async def test_earlier_runs_of_the_project_are_in_its_journal(self, world: World) -> None:
        project = await world.project()
        _, first = await world.claimed(project=project)
        await world.store.finish_run(first, finished())
        _, second = await world.claimed(project=project, run_id="run-2")
        assert {entry.run_id for entry in await world.store.leased_entries(second)} == {"run-1", "run-2"}


async def _claim(world: World, run_id: str) -> tuple[Run, Lease]:
    claimed = await world.store.claim_run("worker", 15, run_id)
    assert claimed
    return claimed[0], claimed[2]
