"""What every store promises of follow-ups: they wait in order, cost nothing until sent, are sent once, and never lost."""

import asyncio

import pytest

from backend.domain import (
    MAX_FOLLOWUPS,
    MAX_FOLLOWUPS_CHARS,
    MAX_PROMPT_CHARS,
    Busy,
    FollowUp,
    Hold,
    InvalidInput,
    LimitKind,
    LimitReached,
    NotFound,
    Run,
    RunKind,
    RunStatus,
    Tier,
    User,
)
from backend.events import FollowUpsChanged, RunQueued
from backend.views import ProjectView, fold
from tests.store.world import UNLIMITED, World, finished, sha

PICTURE = b"\x89PNG attached"
OVER = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)


def tier(**limits: int | None) -> Tier:
    return UNLIMITED.model_copy(update={"id": "narrow", "name": "Narrow", **limits})


async def seen(world: World, project_id: str, user: User | None = None) -> tuple[list[str], Hold | None]:
    """The follow-ups as the journal tells every page, which is as the store itself has them."""
    user = user or world.ada
    view = ProjectView(id=project_id, title="")
    for entry in await world.store.entries(user, project_id):
        fold(view, entry)
    assert view.followups == await world.store.followups(user, project_id)
    return [followup.id for followup in view.followups], view.held


async def changes(world: World, project_id: str) -> int:
    entries = await world.store.entries(world.ada, project_id)
    return sum(isinstance(entry.event, FollowUpsChanged) for entry in entries)


async def waiting(world: World, *followup_ids: str, user: User | None = None) -> Run:
    """A run under way, `run-1`, and what waits for it."""
    run, _ = await world.claimed(user)
    for followup_id in followup_ids:
        await world.store.add_followup(user or world.ada, run.project_id, followup_id, f"then {followup_id}")
    return run


async def end(world: World, status: RunStatus = RunStatus.SUCCEEDED, run_id: str = "run-1", cost: int = 0) -> None:
    """The run's lease runs out, and the next worker ends it."""
    world.let_pass(20)
    claimed = await world.store.claim_run("other", 15, run_id)
    assert claimed
    await world.store.finish_run(claimed[2], finished(status, cost))


class QueuePromises:
    # Waiting

    async def test_follow_ups_wait_in_order_cost_nothing_and_every_page_is_told(self, world: World) -> None:
        run = await waiting(world, "f-1", "f-2")
        assert await seen(world, run.project_id) == (["f-1", "f-2"], None)
        assert [f.prompt for f in await world.store.followups(world.ada, run.project_id)] == ["then f-1", "then f-2"]
        last = (await world.store.entries(world.ada, run.project_id))[-1]
        assert (last.run_id, type(last.event)) == (run.id, FollowUpsChanged)
        usage = await world.store.usage(world.ada)
        assert (usage.points_used, usage.active) == (1, 1)
        assert await world.store.pending() == 0
        assert await world.store.send_due_followups() == []

    async def test_adding_twice_with_one_id_is_one_follow_up_also_when_it_was_sent(self, world: World) -> None:
        run = await waiting(world)
        add = [world.store.add_followup(world.ada, run.project_id, "f-1", "more") for _ in range(5)]
        added = await asyncio.gather(*add)
        assert added == [added[0]] * 5
        assert (await seen(world, run.project_id), await changes(world, run.project_id)) == ((["f-1"], None), 1)
        await end(world)
        assert await world.store.send_due_followups() == ["f-1"]
        again = await world.store.add_followup(world.ada, run.project_id, "f-1", "more")
        assert (again.id, again.prompt) == ("f-1", "more")
        assert await seen(world, run.project_id) == ([], None)

    async def test_only_so_many_wait_at_once_however_many_come(self, world: World) -> None:
        run = await waiting(world)
        add = [world.store.add_followup(world.ada, run.project_id, f"f-{n}", "x") for n in range(MAX_FOLLOWUPS + 5)]
        results = await asyncio.gather(*add, return_exceptions=True)
        assert sum(isinstance(r, FollowUp) for r in results) == MAX_FOLLOWUPS
        assert sum(isinstance(r, InvalidInput) for r in results) == 5
        ids, _ = await seen(world, run.project_id)
        assert len(set(ids)) == MAX_FOLLOWUPS
        await world.store.remove_followup(world.ada, ids[0])
        assert await world.store.add_followup(world.ada, run.project_id, "late", "x")

    async def test_only_so_much_text_waits_at_once(self, world: World) -> None:
        store, ada, run = world.store, world.ada, await waiting(world, "f-1")
        for attempt in (
            store.add_followup(ada, run.project_id, "long", "x" * (MAX_PROMPT_CHARS + 1)),
            store.change_followup(ada, "f-1", "x" * (MAX_PROMPT_CHARS + 1)),
        ):
            with pytest.raises(InvalidInput, match="100,000"):
                await attempt
        await store.add_followup(ada, run.project_id, "f-2", "\U0001f408" * MAX_PROMPT_CHARS)
        rest = MAX_FOLLOWUPS_CHARS - MAX_PROMPT_CHARS
        for attempt in (
            store.change_followup(ada, "f-1", "x" * rest),
            store.add_followup(ada, run.project_id, "f-3", "x" * (rest - len("then f-1") + 1)),
        ):
            await store.add_followup(ada, run.project_id, "f-0", "x")
            with pytest.raises(InvalidInput, match="200,000"):
                await attempt
        await store.remove_followup(ada, "f-0")
        await store.change_followup(ada, "f-1", "x" * rest)
        with pytest.raises(InvalidInput, match="200,000"):
            await store.add_followup(ada, run.project_id, "f-3", "x")
        assert await seen(world, run.project_id) == (["f-1", "f-2"], None)

    @pytest.mark.parametrize("text", ["nul \0 in it", "half \ud800 a character"])
    async def test_text_no_store_can_hold_does_not_wait_either(self, world: World, text: str) -> None:
        run = await waiting(world, "f-1")
        with pytest.raises(InvalidInput):
            await world.store.add_followup(world.ada, run.project_id, "f-2", text)
        with pytest.raises(InvalidInput):
            await world.store.change_followup(world.ada, "f-1", text)
        with pytest.raises(InvalidInput):
            await world.store.add_followup(world.ada, run.project_id, "an id", "x")
        assert await seen(world, run.project_id) == (["f-1"], None)

    async def test_nothing_waits_in_a_project_without_a_run(self, world: World) -> None:
        project = await world.project()
        with pytest.raises(InvalidInput):
            await world.store.add_followup(world.ada, project.id, "f-1", "x")
        assert await world.store.entries(world.ada, project.id) == []

    async def test_a_follow_up_is_changed_moved_and_removed(self, world: World) -> None:
        store, ada, run = world.store, world.ada, await waiting(world, "a", "b", "c")
        changed = await store.change_followup(ada, "b", "'; -- \U0001f408")
        assert changed == (await store.followups(ada, run.project_id))[1]
        assert changed.prompt == "'; -- \U0001f408"
        for moved, before, expected in (
            ("c", "a", ["c", "a", "b"]),
            ("c", "b", ["a", "c", "b"]),
            ("a", None, ["c", "b", "a"]),
            ("b", "b", ["c", "b", "a"]),
        ):
            await store.move_followup(ada, moved, before)
            assert await seen(world, run.project_id) == (expected, None)
        for _ in range(2):
            await store.remove_followup(ada, "b")
            assert await seen(world, run.project_id) == (["c", "a"], None)
        assert await store.add_followup(ada, run.project_id, "d", "x")
        assert (await seen(world, run.project_id))[0] == ["c", "a", "d"]

    async def test_moving_to_and_fro_never_confuses_the_order(self, world: World) -> None:
        run = await waiting(world, "a", "b", "c")
        for _ in range(30):
            for moved in ("c", "b"):
                await world.store.move_followup(world.ada, moved, "b" if moved == "c" else "c")
        assert (await seen(world, run.project_id))[0] == ["a", "b", "c"]

    async def test_what_changes_nothing_is_not_told(self, world: World) -> None:
        store, ada, run = world.store, world.ada, await waiting(world, "gone", "a", "b")
        await store.remove_followup(ada, "gone")
        before = await store.entries(ada, run.project_id)
        assert (await store.change_followup(ada, "a", "then a")).prompt == "then a"
        for moved, place in (("a", "b"), ("b", None), ("a", "a")):
            await store.move_followup(ada, moved, place)
        assert await store.entries(ada, run.project_id) == before
        assert await seen(world, run.project_id) == (["a", "b"], None)

    async def test_what_does_not_wait_is_neither_changed_nor_moved(self, world: World) -> None:
        store, ada, run = world.store, world.ada, await waiting(world, "sent", "kept")
        _, other = await world.claimed(run_id="run-2")
        elsewhere = (await store.leased_project(other)).id
        await store.add_followup(ada, elsewhere, "elsewhere", "x")
        await end(world)
        assert await store.send_due_followups() == ["sent"]
        before = await store.entries(ada, run.project_id)
        for attempt in (
            store.change_followup(ada, "sent", "x"),
            store.move_followup(ada, "sent", None),
            store.move_followup(ada, "kept", "sent"),
            store.move_followup(ada, "kept", "elsewhere"),
            store.change_followup(ada, "unknown", "x"),
        ):
            with pytest.raises(NotFound):
                await attempt
        await store.remove_followup(ada, "sent")
        assert await store.entries(ada, run.project_id) == before
        assert (await store.run(ada, "sent")).status is RunStatus.QUEUED

    # Being sent

    async def test_when_a_run_succeeds_the_first_becomes_a_run_of_its_id_with_its_images(self, world: World) -> None:
        store, ada, run = world.store, world.ada, await waiting(world)
        image = [("cat.png", "image/png", PICTURE)]
        added = await store.add_followup(ada, run.project_id, "f-1", "bigger", attachments=image)
        assert [a.sha256 for a in added.attachments] == [sha(PICTURE)]
        assert await store.blob(ada, run.project_id, sha(PICTURE)) == PICTURE
        await store.add_followup(ada, run.project_id, "f-2", "smaller")
        await end(world)
        assert (await store.usage(ada)).points_used == 1
        with store.watch_queue() as poke:
            assert await store.send_due_followups() == ["f-1"]
            async with asyncio.timeout(60):
                await poke.wait(120)
        assert await store.send_due_followups() == []
        sent = await store.run(ada, "f-1")
        assert (sent.kind, sent.status, sent.prompt) == (RunKind.PROMPT, RunStatus.QUEUED, "bigger")
        assert (sent.project_id, sent.owner, sent.attachments) == (run.project_id, ada.id, added.attachments)
        queued = RunQueued(kind=RunKind.PROMPT, prompt="bigger", attachments=added.attachments)
        assert next(e.event for e in await store.entries(ada, run.project_id) if e.run_id == "f-1") == queued
        assert await seen(world, run.project_id) == (["f-2"], None)
        assert (await store.usage(ada)).points_used == 2
        claimed = await store.claim_run("w", 15)
        assert claimed
        assert claimed[0].id == "f-1"
        await store.finish_run(claimed[2], finished())
        assert await store.send_due_followups() == ["f-2"]
        assert await seen(world, run.project_id) == ([], None)

    async def test_of_many_that_send_at_once_one_does(self, world: World) -> None:
        run = await waiting(world, "f-1", "f-2")
        await end(world)
        sent = await asyncio.gather(*(world.store.send_due_followups() for _ in range(5)))
        assert [run_id for ids in sent for run_id in ids] == ["f-1"]
        assert await seen(world, run.project_id) == (["f-2"], None)
        assert (await world.store.usage(world.ada)).points_used == 2

    async def test_every_project_whose_turn_it_is_gets_its_next_one(self, world: World) -> None:
        for n, user in enumerate((world.ada, world.eve, world.ada)):
            run, lease = await world.claimed(user, f"run-{n}")
            await world.store.add_followup(user, run.project_id, f"f-{n}", "x")
            await world.store.finish_run(lease, finished())
        assert sorted(await world.store.send_due_followups()) == ["f-0", "f-1", "f-2"]
        assert (await world.store.run(world.eve, "f-1")).owner == world.eve.id
        assert [(await world.store.usage(user)).points_used for user in (world.ada, world.eve)] == [4, 2]

    async def test_one_sends_the_first_oneself_but_not_under_a_run(self, world: World) -> None:
        store, ada, run = world.store, world.ada, await waiting(world, "f-1", "f-2")
        with pytest.raises(Busy):
            await store.send_followup(ada, run.project_id)
        assert await seen(world, run.project_id) == (["f-1", "f-2"], None)
        await end(world)
        sent = await store.send_followup(ada, run.project_id)
        assert sent
        assert sent == await store.run(ada, "f-1")
        await store.cancel_run(ada, "f-1")
        assert await store.send_followup(ada, run.project_id)
        await store.cancel_run(ada, "f-2")
        assert await store.send_followup(ada, run.project_id) is None
        assert await seen(world, run.project_id) == ([], None)

    async def test_the_id_of_what_waits_is_not_started_beside_it(self, world: World) -> None:
        run = await waiting(world, "f-1")
        for project in (await world.project(), await world.store.project(world.ada, run.project_id)):
            with pytest.raises(Busy):
                await world.queued(run_id="f-1", project=project)
        assert (await world.store.usage(world.ada)).points_used == 1
        assert await seen(world, run.project_id) == (["f-1"], None)

    # Being held

    @pytest.mark.parametrize(("status", "hold"), [(RunStatus.FAILED, Hold.FAILED), (RunStatus.CANCELLED, Hold.STOPPED)])
    async def test_after_a_run_that_did_not_succeed_they_wait_for_the_person(
        self, world: World, status: RunStatus, hold: Hold
    ) -> None:
        run = await waiting(world, "f-1", "f-2")
        await end(world, status)
        assert await seen(world, run.project_id) == (["f-1", "f-2"], hold)
        assert await world.store.send_due_followups() == []
        await world.store.change_followup(world.ada, "f-1", "better")
        assert await seen(world, run.project_id) == (["f-1", "f-2"], hold)
        sent = await world.store.send_followup(world.ada, run.project_id)
        assert sent
        assert (sent.id, sent.prompt) == ("f-1", "better")
        assert await seen(world, run.project_id) == (["f-2"], None)
        await end(world, run_id="f-1")
        assert await world.store.send_due_followups() == ["f-2"]

    @pytest.mark.parametrize("state", ["queued", "running", "lost"])
    async def test_stop_holds_them_at_once_and_loses_none(self, world: World, state: str) -> None:
        project = await world.project()
        run = await world.queued(project=project)
        if state != "queued":
            assert await world.store.claim_run("w", 15)
        await world.store.add_followup(world.ada, project.id, "f-1", "x")
        if state == "lost":
            world.let_pass(20)
        for _ in range(2):
            await world.store.cancel_run(world.ada, run.id)
            assert (await seen(world, project.id), await changes(world, project.id)) == ((["f-1"], Hold.STOPPED), 2)
        if state == "running":
            await end(world, RunStatus.CANCELLED)
        assert (await seen(world, project.id), await changes(world, project.id)) == ((["f-1"], Hold.STOPPED), 2)
        assert await world.store.send_due_followups() == []

    async def test_of_reasons_to_hold_them_the_newest_counts(self, world: World) -> None:
        run = await waiting(world, "f-1")
        await world.store.cancel_run(world.ada, run.id, undo=True)
        assert await seen(world, run.project_id) == (["f-1"], Hold.STOPPED)
        await end(world, RunStatus.FAILED)
        assert await seen(world, run.project_id) == (["f-1"], Hold.FAILED)
        assert await changes(world, run.project_id) == 3

    @pytest.mark.parametrize("status", OVER)
    async def test_where_none_wait_nothing_is_held(self, world: World, status: RunStatus) -> None:
        run = await waiting(world)
        await end(world, status)
        assert await changes(world, run.project_id) == 0
        await world.store.add_followup(world.ada, run.project_id, "f-1", "x")
        assert await seen(world, run.project_id) == (["f-1"], None)
        assert await world.store.send_due_followups() == ["f-1"]

    async def test_with_the_last_one_the_hold_is_gone(self, world: World) -> None:
        run = await waiting(world, "f-1")
        await end(world, RunStatus.FAILED)
        await world.store.remove_followup(world.ada, "f-1")
        assert await seen(world, run.project_id) == ([], None)
        await world.store.add_followup(world.ada, run.project_id, "f-2", "x")
        assert await world.store.send_due_followups() == ["f-2"]

    # Limits

    async def test_what_the_tier_has_no_room_for_stays_and_is_held(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        run = await waiting(world, "f-1")
        await end(world)
        for _ in range(2):
            assert await world.store.send_due_followups() == []
            assert await seen(world, run.project_id) == (["f-1"], Hold.LIMIT)
        assert await changes(world, run.project_id) == 2
        with pytest.raises(LimitReached) as caught:
            await world.store.send_followup(world.ada, run.project_id)
        assert caught.value.kind is LimitKind.POINTS
        assert await seen(world, run.project_id) == (["f-1"], Hold.LIMIT)
        assert (await world.store.usage(world.ada)).points_used == 1
        world.grant(world.ada, UNLIMITED)
        assert await world.store.send_followup(world.ada, run.project_id)
        assert await seen(world, run.project_id) == ([], None)

    async def test_while_as_many_run_as_may_be_they_only_wait_on(self, world: World) -> None:
        world.grant(world.ada, tier(concurrent=1))
        run, lease = await world.claimed()
        await world.store.add_followup(world.ada, run.project_id, "f-1", "x")
        await world.store.finish_run(lease, finished())
        _, other = await world.claimed(run_id="run-2")
        assert await world.store.send_due_followups() == []
        assert (await seen(world, run.project_id), await changes(world, run.project_id)) == ((["f-1"], None), 1)
        await world.store.finish_run(other, finished())
        assert await world.store.send_due_followups() == ["f-1"]

    async def test_of_one_users_that_are_due_at_once_as_many_are_sent_as_may_run(self, world: World) -> None:
        runs = [await world.claimed(run_id=f"run-{n}") for n in range(3)]
        for n, (run, lease) in enumerate(runs):
            await world.store.add_followup(world.ada, run.project_id, f"f-{n}", "x")
            world.let_pass(1)
            await world.store.finish_run(lease, finished())
        world.grant(world.ada, tier(concurrent=2))
        assert await world.store.send_due_followups() == ["f-0", "f-1"]
        assert await seen(world, runs[2][0].project_id) == (["f-2"], None)

    async def test_one_users_limit_keeps_nobody_else_waiting(self, world: World) -> None:
        world.grant(world.ada, tier(points=1))
        for user, n in ((world.ada, 0), (world.eve, 1)):
            run, lease = await world.claimed(user, f"run-{n}")
            await world.store.add_followup(user, run.project_id, f"f-{n}", "x")
            await world.store.finish_run(lease, finished())
        assert await world.store.send_due_followups() == ["f-1"]

    async def test_it_is_sent_in_the_tier_its_owner_has_then(self, world: World) -> None:
        await waiting(world, "f-1")
        world.grant(world.ada, tier(run_budget_micros=300))
        await end(world)
        assert await world.store.send_due_followups() == ["f-1"]
        assert (await world.store.run(world.ada, "f-1")).budget_micros == 300

    async def test_who_is_on_trial_stays_on_trial_while_it_waits(self, world: World) -> None:
        visitor = world.newcomer(anonymous=True)
        run = await waiting(world, "f-1", user=visitor)
        await end(world)
        assert await world.store.send_due_followups() == ["f-1"]
        sent = await world.store.run(visitor, "f-1")
        assert (sent.budget_micros, sent.owner) == (run.budget_micros, visitor.id)
        assert (await world.store.usage(visitor)).points_used == 2

    # Whose they are

    async def test_nobody_else_finds_or_changes_them(self, world: World) -> None:
        store, eve, run = world.store, world.eve, await waiting(world, "f-1")
        own = await waiting_of_eve(world)
        before = await store.entries(world.ada, run.project_id)
        for attempt in (
            store.followups(eve, run.project_id),
            store.add_followup(eve, run.project_id, "f-2", "x"),
            store.add_followup(eve, own.project_id, "f-1", "x"),
            store.add_followup(eve, own.project_id, run.id, "x"),
            store.change_followup(eve, "f-1", "x"),
            store.move_followup(eve, "f-1", None),
            store.move_followup(eve, "f-e", "f-1"),
            store.send_followup(eve, run.project_id),
            store.start_run(eve, own.project_id, "f-1", RunKind.PROMPT, "x"),
        ):
            with pytest.raises(NotFound):
                await attempt
        await store.remove_followup(eve, "f-1")
        assert await store.entries(world.ada, run.project_id) == before
        assert await seen(world, run.project_id) == (["f-1"], None)
        assert [f.id for f in await store.followups(eve, own.project_id)] == ["f-e"]

    async def test_they_go_with_their_project_and_their_account(self, world: World) -> None:
        run = await waiting(world, "f-1")
        await end(world, RunStatus.FAILED)
        await world.store.delete_project(world.ada, run.project_id)
        with pytest.raises(NotFound):
            await world.store.change_followup(world.ada, "f-1", "x")
        somebody = world.newcomer()
        other, lease = await world.claimed(somebody, "run-2")
        await world.store.add_followup(somebody, other.project_id, "f-2", "x")
        await world.store.finish_run(lease, finished())
        await world.store.delete_account(somebody)
        assert await world.store.send_due_followups() == []


async def waiting_of_eve(world: World) -> Run:
    run, _ = await world.claimed(world.eve, "run-e")
    await world.store.add_followup(world.eve, run.project_id, "f-e", "x")
    return run
