"""What every store promises of a project's settings, and of runs that only plan."""

import pytest

from backend.domain import MAX_VARIABLES, InvalidInput, LimitKind, LimitReached, NotFound, RunKind, RunStatus
from tests.store.world import UNLIMITED, World, finished


class SettingsPromises:
    async def test_a_chosen_model_is_the_projects_for_its_owner_and_its_worker(self, world: World) -> None:
        run, lease = await world.claimed()
        assert (await world.store.project(world.ada, run.project_id)).model is None
        await world.store.set_model(world.ada, run.project_id, "openai:big")
        assert (await world.store.project(world.ada, run.project_id)).model == "openai:big"
        assert (await world.store.leased_project(lease)).model == "openai:big"
        await world.store.set_model(world.ada, run.project_id, None)
        assert (await world.store.project(world.ada, run.project_id)).model is None
        with pytest.raises(NotFound):
            await world.store.set_model(world.eve, run.project_id, "openai:big")

    async def test_the_owner_reads_the_names_of_variables_and_a_worker_what_is_sealed(self, world: World) -> None:
        run, lease = await world.claimed()
        await world.store.set_variable(world.ada, run.project_id, "URL", "sealed url")
        await world.store.set_variable(world.ada, run.project_id, "API_KEY", "sealed key")
        first = dict(await world.store.variables(world.ada, run.project_id))
        assert list(first) == ["API_KEY", "URL"]
        assert await world.store.leased_variables(lease) == {"API_KEY": "sealed key", "URL": "sealed url"}
        world.let_pass(2)
        await world.store.set_variable(world.ada, run.project_id, "URL", "another")
        await world.store.set_variable(world.ada, run.project_id, "API_KEY", None)
        await world.store.set_variable(world.ada, run.project_id, "NEVER_WAS", None)
        ((name, at),) = await world.store.variables(world.ada, run.project_id)
        assert name == "URL"
        assert at > first["URL"]
        assert await world.store.leased_variables(lease) == {"URL": "another"}

    async def test_variables_are_nobody_elses_and_no_copy_has_them(self, world: World) -> None:
        share, token = await world.shared()
        await world.store.set_variable(world.ada, share.project_id, "API_KEY", "sealed")
        with pytest.raises(NotFound):
            await world.store.variables(world.eve, share.project_id)
        for value in ("mine", None):
            with pytest.raises(NotFound):
                await world.store.set_variable(world.eve, share.project_id, "API_KEY", value)
        fork = await world.store.fork_project(world.ada, share.project_id, share.version_id)
        remix = await world.store.remix(world.eve, token)
        assert await world.store.variables(world.ada, fork.id) == []
        assert await world.store.variables(world.eve, remix.id) == []
        _, lease = await world.claimed(world.eve, "run-of-eve", remix)
        assert await world.store.leased_variables(lease) == {}
        await world.store.wake_share(token)
        waking = await world.store.claim_run("worker", 15)
        assert waking
        assert await world.store.leased_variables(waking[2]) == {}
        assert [name for name, _ in await world.store.variables(world.ada, share.project_id)] == ["API_KEY"]

    async def test_variables_go_with_their_project(self, world: World) -> None:
        project = await world.project()
        await world.store.set_variable(world.ada, project.id, "API_KEY", "sealed")
        await world.store.delete_project(world.ada, project.id)
        with pytest.raises(NotFound):
            await world.store.variables(world.ada, project.id)

    async def test_names_and_numbers_of_variables_have_bounds(self, world: World) -> None:
        project = await world.project()
        for name in ("", "lower", "1ST", "A-B", "A B", "A\n", "A" * 65):
            with pytest.raises(InvalidInput):
                await world.store.set_variable(world.ada, project.id, name, "sealed")
        with pytest.raises(InvalidInput):
            await world.store.set_variable(world.ada, project.id, "LONG", "x" * 16_385)
        for number in range(MAX_VARIABLES):
            await world.store.set_variable(world.ada, project.id, f"V{number}", "sealed")
        with pytest.raises(InvalidInput, match="50 variables"):
            await world.store.set_variable(world.ada, project.id, "ONE_MORE", "sealed")
        await world.store.set_variable(world.ada, project.id, "V0", "another")
        assert len(await world.store.variables(world.ada, project.id)) == MAX_VARIABLES

    async def test_a_plan_costs_what_a_prompt_does(self, world: World) -> None:
        world.grant(world.ada, UNLIMITED.model_copy(update={"id": "two", "points": 2, "concurrent": 1}))
        store, first, second = world.store, await world.project(), await world.project()
        plan = await store.start_run(world.ada, first.id, "plan-1", RunKind.PLAN, "a page for cats")
        assert plan.kind is RunKind.PLAN
        usage = await store.usage(world.ada)
        assert (usage.points_used, usage.active) == (1, 1)
        with pytest.raises(LimitReached) as refused:
            await store.start_run(world.ada, second.id, "run-2", RunKind.PROMPT, "dogs")
        assert refused.value.kind is LimitKind.CONCURRENT
        claimed = await store.claim_run("worker", 15)
        assert claimed
        assert (claimed[0].id, claimed[0].kind) == ("plan-1", RunKind.PLAN)
        await store.finish_run(claimed[2], finished(RunStatus.FAILED, cost=0))
        assert (await store.usage(world.ada)).points_used == 0

    async def test_what_waits_behind_a_plan_is_sent_when_that_is_there(self, world: World) -> None:
        project = await world.project()
        await world.store.start_run(world.ada, project.id, "plan-1", RunKind.PLAN, "a page for cats")
        await world.store.add_followup(world.ada, project.id, "follow-1", "and dogs")
        claimed = await world.store.claim_run("worker", 15)
        assert claimed
        await world.store.finish_run(claimed[2], finished())
        assert await world.store.send_due_followups() == ["follow-1"]
        assert (await world.store.run(world.ada, "follow-1")).kind is RunKind.PROMPT
