"""What every store promises of usage: a prompt is paid for once, limits hold under a crowd, and our failures are free."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain import LimitKind, LimitReached, NotFound, Run, RunKind, RunStatus, Tier, User
from backend.events import ModelSpent
from tests.store.world import DAY_S, UNLIMITED, World, finished

CROWD = 100


def tier(**limits: int | None) -> Tier:
    return UNLIMITED.model_copy(update={"id": "narrow", "name": "Narrow", **limits})


async def refused(world: World, run_id: str, user: User | None = None) -> LimitReached:
    """The limit that a new prompt meets, which is then as if it had never been sent."""
    with pytest.raises(LimitReached) as caught:
        await world.queued(user, run_id)
    with pytest.raises(NotFound):
        await world.store.run(user or world.ada, run_id)
    return caught.value


async def through(world: World, run_id: str, status: RunStatus = RunStatus.SUCCEEDED, cost: int = 0) -> Run:
    """A prompt, begun and ended."""
    run, lease = await world.claimed(run_id=run_id)
    await world.store.finish_run(lease, finished(status, cost))
    return run


class UsagePromises:
    # Points

    async def test_a_prompt_takes_one_point_however_often_it_is_started(self, world: World) -> None:
        project = await world.project()
        for _ in range(3):
            await world.queued(project=project)
        usage = await world.store.usage(world.ada)
        assert (usage.points_used, usage.active) == (1, 1)

    async def test_of_a_crowd_of_starts_exactly_as_many_are_queued_as_there_are_points(self, world: World) -> None:
        world.grant(world.ada, tier(points=5))
        projects = [await world.project() for _ in range(CROWD)]
        starts = [world.queued(run_id=f"run-{n}", project=project) for n, project in enumerate(projects)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        refusals = [r for r in results if isinstance(r, LimitReached)]
        assert sum(isinstance(r, Run) for r in results) == 5
        assert [r.kind for r in refusals] == [LimitKind.POINTS] * (CROWD - 5)
        assert (await world.store.usage(world.ada)).points_used == 5
        assert await world.store.pending() == 5

    async def test_of_a_crowd_of_starts_exactly_as_many_are_queued_as_may_be_worked_on_at_once(
        self, world: World
    ) -> None:
        world.grant(world.ada, tier(concurrent=3))
        projects = [await world.project() for _ in range(20)]
        starts = [world.queued(run_id=f"run-{n}", project=project) for n, project in enumerate(projects)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        assert sum(isinstance(r, Run) for r in results) == 3
        assert {r.kind for r in results if isinstance(r, LimitReached)} == {LimitKind.CONCURRENT}
        usage = await world.store.usage(world.ada)
        assert (usage.points_used, usage.active) == (3, 3)

    async def test_a_crowd_of_repeats_of_one_start_takes_one_point(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        project = await world.project()
        runs = await asyncio.gather(*(world.queued(project=project) for _ in range(20)))
        assert {run.id for run in runs} == {"run-1"}
        assert (await world.store.usage(world.ada)).points_used == 1

    async def test_a_reached_limit_tells_what_when_and_the_way_up_and_leaves_nothing_behind(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        await through(world, "run-1")
        project = await world.project()
        with pytest.raises(LimitReached) as caught:
            await world.queued(project=project, run_id="run-2")
        limit, usage = caught.value, await world.store.usage(world.ada)
        assert (limit.kind, limit.resets_at) == (LimitKind.POINTS, usage.resets_at)
        assert "tier" in limit.message
        assert "hours" in limit.message
        assert usage.points_used == 1
        assert await world.store.entries(world.ada, project.id) == []
        with pytest.raises(NotFound):
            await world.store.run(world.ada, "run-2")

    async def test_a_window_begins_with_its_first_prompt_and_is_not_moved_by_the_others(self, world: World) -> None:
        world.grant(world.ada, tier(points=2))
        assert (await world.store.usage(world.ada)).resets_at is None
        await through(world, "run-1")
        first = (await world.store.usage(world.ada)).resets_at
        assert first
        assert abs(first - datetime.fromtimestamp(world.now_s() + DAY_S, UTC)) < timedelta(seconds=60)
        world.let_pass(DAY_S - 600)
        await through(world, "run-2")
        await refused(world, "run-3")
        world.let_pass(660)
        usage = await world.store.usage(world.ada)
        assert (usage.points_used, usage.resets_at) == (0, None)
        await through(world, "run-4")
        usage = await world.store.usage(world.ada)
        assert usage.points_used == 1
        assert usage.resets_at
        assert usage.resets_at > datetime.fromtimestamp(world.now_s() + DAY_S - 60, UTC)

    async def test_a_limit_reached_does_not_stand_in_the_way_of_a_repeat(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        project = await world.project()
        run = await world.queued(project=project)
        assert await world.queued(project=project) == run

    async def test_a_tier_without_points_starts_nothing(self, world: World) -> None:
        world.grant(world.ada, tier(points=0))
        assert (await refused(world, "run-1")).kind is LimitKind.POINTS

    async def test_only_so_many_previews_are_awake_at_once_but_a_prompt_is_not_kept_waiting(self, world: World) -> None:
        world.grant(world.ada, tier(concurrent=1))
        projects = [await world.project() for _ in range(12)]
        for project in projects[:10]:
            await world.store.start_run(world.ada, project.id, f"wake-{project.id}", RunKind.WAKE, "x")
        awake, asleep = projects[0], projects[10]
        for kind in (RunKind.WAKE, RunKind.EDIT, RunKind.RESTORE):
            restore_id = asleep.head_id if kind is RunKind.RESTORE else None
            with pytest.raises(LimitReached) as caught:
                await world.store.start_run(world.ada, asleep.id, "run-1", kind, "x", restore_id=restore_id)
            assert caught.value.kind is LimitKind.PREVIEWS
        assert await world.store.entries(world.ada, asleep.id) == []
        await world.queued(project=projects[11], run_id="run-2")
        await world.store.cancel_run(world.ada, f"wake-{awake.id}")
        await world.store.cancel_run(world.ada, "run-2")
        await world.store.start_run(world.ada, asleep.id, "run-3", RunKind.WAKE, "x")

    async def test_a_preview_that_was_last_heard_of_long_ago_takes_no_room(self, world: World) -> None:
        world.grant(world.ada, tier(concurrent=1))
        for n in range(10):
            _, lease = await world.claimed(run_id=f"run-{n}")
            project_id = (await world.store.leased_project(lease)).id
            await world.store.set_preview(project_id, lease, f"sb-{n}", "http://preview")
            await world.store.finish_run(lease, finished())
        project = await world.project()
        with pytest.raises(LimitReached):
            await world.store.start_run(world.ada, project.id, "wake-1", RunKind.WAKE, "x")
        world.let_pass(3700)
        await world.store.start_run(world.ada, project.id, "wake-2", RunKind.WAKE, "x")

    async def test_editing_restoring_and_waking_take_no_point(self, world: World) -> None:
        world.grant(world.ada, tier(points=0, concurrent=0, budget_micros=0))
        for n, kind in enumerate((RunKind.EDIT, RunKind.RESTORE, RunKind.WAKE)):
            project = await world.project()
            restore_id = project.head_id if kind is RunKind.RESTORE else None
            await world.store.start_run(world.ada, project.id, f"run-{n}", kind, "x", restore_id=restore_id)
        usage = await world.store.usage(world.ada)
        assert (usage.points_used, usage.active) == (0, 0)
        assert await world.store.pending() == 3

    async def test_without_limits_points_are_counted_all_the_same(self, world: World) -> None:
        for n in range(3):
            await through(world, f"run-{n}", cost=5)
        usage = await world.store.usage(world.ada)
        assert usage.tier == UNLIMITED
        assert (usage.points_used, usage.spent_micros) == (3, 15)

    async def test_what_one_user_spends_is_not_anothers(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        world.grant(world.eve, tier(points=1))
        await through(world, "run-1", cost=5)
        assert (await world.store.usage(world.eve)).points_used == 0
        assert (await world.queued(world.eve, "run-e")).owner == world.eve.id

    async def test_deleting_a_project_gives_nothing_back_and_its_run_is_not_started_again_for_free(
        self, world: World
    ) -> None:
        run = await through(world, "run-1", cost=5)
        await world.store.delete_project(world.ada, run.project_id)
        usage = await world.store.usage(world.ada)
        assert (usage.points_used, usage.spent_micros) == (1, 5)
        with pytest.raises(NotFound):
            await world.queued(run_id="run-1")
        assert await world.store.pending() == 0

    # At once

    async def test_a_prompt_that_is_over_makes_room_for_the_next(self, world: World) -> None:
        world.grant(world.ada, tier(concurrent=1))
        _, lease = await world.claimed()
        limit = await refused(world, "run-2")
        assert (limit.kind, limit.resets_at) == (LimitKind.CONCURRENT, None)
        assert (await world.store.usage(world.ada)).points_used == 1
        await world.store.finish_run(lease, finished())
        assert await world.queued(run_id="run-3")

    async def test_a_dead_worker_does_not_block_its_user(self, world: World) -> None:
        world.grant(world.ada, tier(concurrent=1))
        await world.claimed()
        world.let_pass(20)
        assert (await world.store.usage(world.ada)).active == 0
        assert await world.queued(run_id="run-2")

    async def test_a_prompt_nobody_comes_for_does_not_block_its_user(self, world: World) -> None:
        world.grant(world.ada, tier(concurrent=1))
        await world.queued()
        world.let_pass(100)
        await refused(world, "run-2")
        world.let_pass(21)
        assert await world.queued(run_id="run-3")

    # Money

    async def test_what_a_run_cost_is_spent_once_whatever_became_of_it(self, world: World) -> None:
        for n, status in enumerate((RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)):
            _, lease = await world.claimed(run_id=f"run-{n}")
            for _ in range(2):
                await world.store.finish_run(lease, finished(status, cost=7))
        usage = await world.store.usage(world.ada)
        assert usage.spent_micros == 21
        assert usage.spent_resets_at

    async def test_a_spent_budget_refuses_the_next_prompt_until_its_window_ends(self, world: World) -> None:
        world.grant(world.ada, tier(budget_micros=10))
        await through(world, "run-1", cost=9)
        await through(world, "run-2", cost=9)
        limit, usage = await refused(world, "run-3"), await world.store.usage(world.ada)
        assert (limit.kind, limit.resets_at) == (LimitKind.BUDGET, usage.spent_resets_at)
        assert (usage.points_used, usage.spent_micros) == (2, 18)
        world.let_pass(DAY_S + 60)
        assert (await world.store.usage(world.ada)).spent_micros == 0
        assert await world.queued(run_id="run-4")

    async def test_a_run_cancelled_without_its_worker_costs_what_its_journal_says(self, world: World) -> None:
        run, lease = await world.claimed()
        spent = ModelSpent(model="m", purpose="title", input_tokens=1, output_tokens=1, cost_micros=4)
        await world.store.append(lease, [spent])
        world.let_pass(20)
        assert (await world.store.cancel_run(world.ada, run.id)).cost_micros == 4
        assert (await world.store.usage(world.ada)).spent_micros == 4

    async def test_a_run_is_told_the_cap_its_tier_had_when_it_was_started(self, world: World) -> None:
        world.grant(world.ada, tier(run_budget_micros=300))
        run = await world.queued()
        world.grant(world.ada, UNLIMITED)
        assert run.budget_micros == 300
        claimed = await world.store.claim_run("w", 15)
        assert claimed
        assert claimed[0].budget_micros == 300

    # Giving back

    async def test_a_failed_prompt_gives_its_point_back_once(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        _, lease = await world.claimed()
        for _ in range(2):
            await world.store.finish_run(lease, finished(RunStatus.FAILED))
        assert (await world.store.usage(world.ada)).points_used == 0
        await world.queued(run_id="run-2")
        await refused(world, "run-3")

    async def test_a_cancelled_prompt_gives_nothing_back(self, world: World) -> None:
        await through(world, "run-1", RunStatus.CANCELLED)
        await world.store.cancel_run(world.ada, (await world.queued(run_id="run-2")).id)
        assert (await world.store.usage(world.ada)).points_used == 2

    async def test_a_point_of_an_earlier_window_is_not_given_back_into_a_later_one(self, world: World) -> None:
        _, lease = await world.claimed()
        world.let_pass(DAY_S + 60)
        await through(world, "run-2")
        await world.store.finish_run(lease, finished(RunStatus.FAILED))
        assert (await world.store.usage(world.ada)).points_used == 1

    async def test_an_edit_that_fails_gives_back_no_prompts_point(self, world: World) -> None:
        await through(world, "run-1")
        project = await world.project()
        await world.store.start_run(world.ada, project.id, "run-2", RunKind.EDIT, "x", edits={"a": b"b"})
        claimed = await world.store.claim_run("w", 15, "run-2")
        assert claimed
        await world.store.finish_run(claimed[2], finished(RunStatus.FAILED))
        assert (await world.store.usage(world.ada)).points_used == 1

    # Tiers

    async def test_who_has_just_signed_up_is_on_the_free_tier_and_who_is_on_trial_on_the_trials(
        self, world: World
    ) -> None:
        newcomer, visitor = world.newcomer(), world.newcomer(anonymous=True)
        for user, tier_id in ((newcomer, "free"), (visitor, "anonymous")):
            assert (await world.store.usage(user)).tier.id == tier_id
            run = await world.queued(user, f"run-of-{tier_id}")
            usage = await world.store.usage(user)
            assert (usage.tier.id, usage.points_used) == (tier_id, 1)
            assert run.budget_micros == usage.tier.run_budget_micros
            assert run.budget_micros

    async def test_the_trials_limit_says_that_an_account_has_more(self, world: World) -> None:
        visitor = world.newcomer(anonymous=True)
        await world.queued(visitor, "run-1")
        assert "account" in (await refused(world, "run-2", visitor)).message
