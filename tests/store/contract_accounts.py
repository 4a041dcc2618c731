"""What every store promises of accounts: an operator sets their tier, and a deleted one leaves nothing."""

import pytest

from backend.domain import LeaseLost, NotFound, NotSignedIn
from tests.store.world import World, finished

GONE = (NotFound, NotSignedIn)
"""A store that asks for a proof no longer takes that of a deleted account."""


class AccountPromises:
    async def test_a_deleted_account_takes_everything_along_and_tells_its_sandboxes(self, world: World) -> None:
        share, token = await world.shared()
        project = await world.store.project(world.ada, share.project_id)
        run, lease = await world.claimed(run_id="run-2", project=project)
        await world.store.set_preview(project.id, lease, "sb-project", "http://preview")
        await world.store.finish_run(lease, finished())
        await world.store.wake_share(token)
        claimed = await world.store.claim_run("w", 15)
        assert claimed
        await world.store.set_preview(claimed[1].id, claimed[2], "sb-share", "http://share")
        assert sorted(await world.store.delete_account(world.ada)) == ["sb-project", "sb-share"]
        with pytest.raises(GONE):
            await world.store.project(world.ada, project.id)
        with pytest.raises(GONE):
            await world.store.run(world.ada, run.id)
        with pytest.raises(NotFound):
            await world.store.open_share(token)
        with pytest.raises(NotFound):
            await world.store.set_tier(world.ada.id, "pro")
        assert await world.store.previews() == []

    async def test_a_worker_of_a_deleted_account_has_lost_its_lease(self, world: World) -> None:
        _, lease = await world.claimed()
        await world.store.delete_account(world.ada)
        with pytest.raises(LeaseLost):
            await world.store.leased_run(lease)
        with pytest.raises(LeaseLost):
            await world.store.finish_run(lease, finished())
        assert await world.store.pending() == 0

    async def test_an_operator_sets_the_tier_by_id_or_address(self, world: World) -> None:
        somebody = world.newcomer()
        await world.project(somebody)
        await world.store.set_tier(somebody.id, "pro")
        assert (await world.store.usage(somebody)).tier.id == "pro"
        assert somebody.email
        await world.store.set_tier(somebody.email.upper(), "free")
        assert (await world.store.usage(somebody)).tier.id == "free"

    @pytest.mark.parametrize("account", ["nobody@example.com", "2f1a0000-0000-4000-8000-000000000000", ""])
    async def test_an_account_there_is_not_gets_no_tier(self, world: World, account: str) -> None:
        with pytest.raises(NotFound):
            await world.store.set_tier(account, "pro")

    @pytest.mark.parametrize("tier_id", ["platinum", "anonymous"])
    async def test_only_tiers_there_are_can_be_given_and_the_trials_not(self, world: World, tier_id: str) -> None:
        with pytest.raises(NotFound):
            await world.store.set_tier(world.ada.id, tier_id)

    async def test_a_larger_tier_counts_from_the_next_prompt_on(self, world: World) -> None:
        somebody = world.newcomer()
        project = await world.project(somebody)
        before = await world.store.usage(somebody)
        await world.store.set_tier(somebody.id, "pro")
        run = await world.queued(somebody, project=project)
        after = await world.store.usage(somebody)
        assert after.tier.points is not None
        assert before.tier.points is not None
        assert after.tier.points > before.tier.points
        assert run.budget_micros == after.tier.run_budget_micros
