"""What every store promises of strangers, lost workers and dead links: they find nothing and change nothing.

Every method of `Store` is tried as whoever has no right to it. A new one fails `test_every_method_is_tried…` until it
is tried too.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping

import pytest

from backend.domain import Lease, LeaseLost, NotFound, Run, RunKind, RunStatus
from backend.store import Store
from tests.store.world import STARTER, World, finished, frame, said, sha, wrote

FOLLOWUP = "followup-of-ada"
Attempts = Mapping[str, Callable[[], Awaitable[object]]]
"""By the method's name, and what is special about the attempt after a space."""

ANSWER_FOR_ONESELF = {"projects", "create_project", "usage", "delete_account"}
"""Take a user and name nobody's object: what they answer and leave alone is tested by `test_what_one_does_for_oneself…`."""
CARRIES_NOTHING = {"watch", "watch_run", "watch_queue"}
"""A poke tells that something happened somewhere, as time does."""
SAYS_NOTHING = {"remove_followup"}
"""What is not there needs no removing: tried by `contract_queue`."""
NO_USERS = {
    "close", "claim_run", "run_status", "pending", "claimable", "previews", "unclaimed_sandboxes", "clear_preview",
    "set_tier", "set_app_secret", "billing_event", "send_due_followups", "open_runs",
}  # fmt: skip
"""Of workers without a lease, the reaper and the operator; a webhook call has its signature (`contract_billing`)."""


def strangers_attempts(world: World, run: Run, head: str, own: str, share_id: str) -> Attempts:
    """Everything Eve can try with the ids of what is Ada's; `own` is a project of hers."""
    store, eve, project_id, page = world.store, world.eve, run.project_id, sha(STARTER["app/page.tsx"])
    return {
        "project": lambda: store.project(eve, project_id),
        "look_at": lambda: store.look_at(eve, project_id),
        "rename_project": lambda: store.rename_project(eve, project_id, "Mine"),
        "delete_project": lambda: store.delete_project(eve, project_id),
        "start_run": lambda: store.start_run(eve, project_id, "run-e", RunKind.PROMPT, "x"),
        "start_run with a known id": lambda: store.start_run(eve, own, run.id, RunKind.PROMPT, "x"),
        "start_run to a foreign version": lambda: store.start_run(
            eve, own, "run-e", RunKind.RESTORE, "x", restore_id=head
        ),
        "set_model": lambda: store.set_model(eve, project_id, "openai:big"),
        "variables": lambda: store.variables(eve, project_id),
        "set_variable": lambda: store.set_variable(eve, project_id, "API_KEY", "mine"),
        "set_variable to nothing": lambda: store.set_variable(eve, project_id, "API_KEY", None),
        "run": lambda: store.run(eve, run.id),
        "active_run": lambda: store.active_run(eve, project_id),
        "start_run again of a foreign one": lambda: store.start_run(
            eve, own, "run-e", RunKind.PROMPT, "x", resends=run.id
        ),
        "cancel_run": lambda: store.cancel_run(eve, run.id),
        "cancel_run and take back": lambda: store.cancel_run(eve, run.id, undo=True),
        "followups": lambda: store.followups(eve, project_id),
        "add_followup": lambda: store.add_followup(eve, project_id, "f-e", "x"),
        "change_followup": lambda: store.change_followup(eve, FOLLOWUP, "x"),
        "move_followup": lambda: store.move_followup(eve, FOLLOWUP, None),
        "send_followup": lambda: store.send_followup(eve, project_id),
        "fork_project": lambda: store.fork_project(eve, project_id, head),
        "fork_project of a foreign version": lambda: store.fork_project(eve, own, head),
        "entries": lambda: store.entries(eve, project_id),
        "frames": lambda: store.frames(eve, project_id),
        "tail": lambda: store.tail(eve, project_id),
        "version": lambda: store.version(eve, head),
        "versions": lambda: store.versions(eve, project_id),
        "tree": lambda: store.tree(eve, project_id),
        "blob": lambda: store.blob(eve, project_id, page),
        "blob by hash alone": lambda: store.blob(eve, own, sha(b"only Ada's")),
        "blobs": lambda: store.blobs(eve, project_id, [page]),
        "create_share": lambda: store.create_share(eve, project_id, head, True),
        "create_share of a foreign version": lambda: store.create_share(eve, own, head, True),
        "shares": lambda: store.shares(eve, project_id),
        "revoke_share": lambda: store.revoke_share(eve, share_id),
        "remix": lambda: store.remix(eve, share_id),
    }


def workers_attempts(world: World, lease: Lease, project_id: str, head: str) -> Attempts:
    """Everything the holder of a lease can try."""
    store, page = world.store, sha(STARTER["app/page.tsx"])
    return {
        "renew_lease": lambda: store.renew_lease(lease, 15),
        "release_lease": lambda: store.release_lease(lease),
        "leased_run": lambda: store.leased_run(lease),
        "leased_project": lambda: store.leased_project(lease),
        "leased_entries": lambda: store.leased_entries(lease),
        "leased_version": lambda: store.leased_version(lease, head),
        "leased_tree": lambda: store.leased_tree(lease),
        "leased_blobs": lambda: store.leased_blobs(lease, [page]),
        "leased_variables": lambda: store.leased_variables(lease),
        "append": lambda: store.append(lease, [said()], step="model:0"),
        "append of changes": lambda: store.append(lease, [wrote("tool:0:0", app_page=b"evil")], blobs=[b"evil"]),
        "write_frame": lambda: store.write_frame(lease, frame()),
        "set_preview": lambda: store.set_preview(project_id, lease, "sb", "http://x"),
        "commit_version": lambda: store.commit_version(lease, "v", {}, None),
        "finish_run": lambda: store.finish_run(lease, finished(RunStatus.FAILED)),
    }


def visitors_attempts(world: World, token: str) -> Attempts:
    """Everything a link is for."""
    store = world.store
    return {
        "open_share": lambda: store.open_share(token),
        "share_picture": lambda: store.share_picture(token),
        "wake_share": lambda: store.wake_share(token),
        "remix": lambda: store.remix(world.eve, token),
    }


async def all_fail(attempts: Attempts, error: type[Exception]) -> None:
    for name, attempt in attempts.items():
        with pytest.raises(error):
            pytest.fail(f"{name} answered {await attempt()}")


def methods_taking(parameter: str) -> set[str]:
    methods = {name: method for name, method in vars(Store).items() if not name.startswith("_") and callable(method)}
    return {name for name, method in methods.items() if parameter in inspect.signature(method).parameters}


def tried(attempts: Attempts) -> set[str]:
    return {name.partition(" ")[0] for name in attempts}


class IsolationPromises:
    async def test_another_user_finds_nothing_and_changes_nothing(self, world: World) -> None:
        share, _ = await world.shared()
        project = await world.store.project(world.ada, share.project_id)
        run, lease = await world.claimed(run_id="run-2", project=project)
        await world.store.append(lease, [], blobs=[b"only Ada's"])
        await world.store.add_followup(world.ada, project.id, FOLLOWUP, "more")
        await world.store.set_variable(world.ada, project.id, "API_KEY", "sealed")
        own = await world.project(world.eve)
        before = await everything_of_adas(world, run)
        await all_fail(strangers_attempts(world, run, project.head_id, own.id, share.id), NotFound)
        assert await everything_of_adas(world, run) == before
        assert [card.id for card in await world.store.projects(world.eve)] == [own.id]

    async def test_what_one_does_for_oneself_is_nobody_elses(self, world: World) -> None:
        run = await world.queued()
        before = await everything_of_adas(world, run)
        assert await world.store.projects(world.eve) == []
        usage = await world.store.usage(world.eve)
        assert (usage.points_used, usage.spent_micros, usage.active) == (0, 0, 0)
        somebody = world.newcomer()
        await world.project(somebody)
        await world.store.delete_account(somebody)
        assert await everything_of_adas(world, run) == before

    @pytest.mark.parametrize("how", ["taken", "released", "finished", "cancelled after expiry", "made up"])
    async def test_a_worker_that_lost_its_lease_reads_nothing_and_writes_nothing(self, world: World, how: str) -> None:
        run, zombie = await world.claimed()
        match how:
            case "taken":
                world.let_pass(20)
                assert await world.store.claim_run("other", 15)
            case "released":
                await world.store.release_lease(zombie)
            case "finished":
                await world.store.finish_run(zombie, finished())
            case "cancelled after expiry":
                world.let_pass(20)
                assert (await world.store.cancel_run(world.ada, run.id)).status is RunStatus.CANCELLED
            case _:
                zombie = Lease(run_id=run.id, token="made:up-as-any-worker-could")
        head = (await world.store.project(world.ada, run.project_id)).head_id
        before = await everything_of_adas(world, run)
        await all_fail(workers_attempts(world, zombie, run.project_id, head), LeaseLost)
        assert await everything_of_adas(world, run) == before
        with pytest.raises(NotFound):
            await world.store.blob(world.ada, run.project_id, sha(b"evil"))

    @pytest.mark.parametrize("how", ["revoked", "its project deleted", "its account deleted", "never made", "empty"])
    async def test_a_dead_link_opens_nothing(self, world: World, how: str) -> None:
        share, token = await world.shared(picture=b"\xff\xd8\xff")
        match how:
            case "revoked":
                await world.store.revoke_share(world.ada, share.id)
            case "its project deleted":
                await world.store.delete_project(world.ada, share.project_id)
            case "its account deleted":
                await world.store.delete_account(world.ada)
            case "never made":
                token = token[::-1]
            case _:
                token = ""
        await all_fail(visitors_attempts(world, token), NotFound)
        assert await world.store.pending() == 0
        assert await world.store.projects(world.eve) == []

    async def test_every_method_is_tried_by_who_has_no_right_to_it(self, world: World) -> None:
        run, lease = await world.claimed()
        strangers = tried(strangers_attempts(world, run, "head", "own", "share"))
        assert methods_taking("user") <= strangers | ANSWER_FOR_ONESELF | CARRIES_NOTHING | SAYS_NOTHING
        workers = tried(workers_attempts(world, lease, run.project_id, "head"))
        assert methods_taking("lease") <= workers
        visitors = tried(visitors_attempts(world, "token"))
        assert methods_taking("token") <= visitors
        rest = methods_taking("self") - methods_taking("user") - methods_taking("lease") - methods_taking("token")
        assert rest <= NO_USERS | CARRIES_NOTHING


async def everything_of_adas(world: World, run: Run) -> list[object]:
    store, ada, project_id = world.store, world.ada, run.project_id
    return [
        await store.project(ada, project_id),
        await store.run(ada, run.id),
        await store.entries(ada, project_id),
        await store.followups(ada, project_id),
        await store.variables(ada, project_id),
        await store.frames(ada, project_id),
        await store.tree(ada, project_id),
        await store.versions(ada, project_id),
        await store.shares(ada, project_id),
        await store.usage(ada),
        await store.projects(ada),
    ]
