"""What every store promises of going back and aside, of taking back, and of whose turn it is."""

import asyncio
from datetime import timedelta

import pytest

from backend.domain import Lease, NotFound, Project, Run, RunKind, RunStatus, Version
from backend.events import CancelRequested, RunFinished, RunQueued, VersionCommitted
from tests.store.world import PAGE, STARTER, World, finished, passed, sha

PICTURE = b"\xff\xd8\xff"
DOGS = b"export default function Page() { return <h1>Dogs</h1> }\n"


async def started_from(
    world: World, project: Project, run_id: str, version_id: str, kind: RunKind = RunKind.PROMPT
) -> tuple[Run, Lease]:
    """A run that begins with that version's files."""
    resends = "run-1" if kind is RunKind.PROMPT else None
    run = await world.store.start_run(
        world.ada, project.id, run_id, kind, "dogs instead", restore_id=version_id, resends=resends
    )
    claimed = await world.store.claim_run("w", 15, run_id)
    assert claimed
    return run, claimed[2]


async def committed(world: World, lease: Lease, body: bytes) -> Version:
    await world.store.append(lease, [], blobs=[body])
    version = await world.store.commit_version(lease, "Dogs", {"app/page.tsx": sha(body)}, passed())
    await world.store.finish_run(lease, finished())
    return version


async def claim(world: World) -> Run | None:
    claimed = await world.store.claim_run("w", 15)
    return claimed and claimed[0]


class TravelPromises:
    # Going back

    async def test_a_prompt_sent_again_tells_what_it_replaces_and_where_it_starts(self, world: World) -> None:
        project = await world.project()
        await world.built(project=project)
        run, lease = await started_from(world, project, "run-2", project.head_id)
        assert (run.restore_id, run.resends) == (project.head_id, "run-1")
        stored = await world.store.run(world.ada, "run-2")
        assert (stored.restore_id, stored.resends) == (project.head_id, "run-1")
        leased = await world.store.leased_run(lease)
        assert (leased.restore_id, leased.resends) == (project.head_id, "run-1")
        queued = RunQueued(kind=RunKind.PROMPT, prompt="dogs instead", restore_id=project.head_id, resends="run-1")
        assert queued in await world.events(run)
        assert (await world.store.usage(world.ada)).points_used == 2

    async def test_versions_are_a_tree_each_grows_from_the_one_its_run_started_from(self, world: World) -> None:
        project = await world.project()
        cats = await world.built(project=project)
        _, lease = await started_from(world, project, "run-2", project.head_id)
        dogs = await committed(world, lease, DOGS)
        assert (cats.parent_id, dogs.parent_id, dogs.number) == (project.head_id, project.head_id, 2)
        _, lease = await started_from(world, project, "run-3", cats.id, RunKind.RESTORE)
        again = await committed(world, lease, PAGE)
        assert again.parent_id == cats.id
        _, lease = await world.claimed(project=project, run_id="run-4")
        assert (await committed(world, lease, DOGS)).parent_id == again.id
        assert [v.number for v in await world.store.versions(world.ada, project.id)] == [0, 1, 2, 3, 4]

    async def test_a_version_sent_again_tells_its_changes_from_where_it_started_and_a_restore_what_it_turned_back(
        self, world: World
    ) -> None:
        project = await world.project()
        cats = await world.built(project=project)
        _, lease = await started_from(world, project, "run-2", cats.id)
        await committed(world, lease, DOGS)
        _, lease = await started_from(world, project, "run-3", cats.id)
        await committed(world, lease, DOGS)
        run, lease = await started_from(world, project, "run-4", cats.id, RunKind.RESTORE)
        await committed(world, lease, PAGE)
        told = [event for event in await world.events(run) if isinstance(event, VersionCommitted)]
        assert [[change.path for change in event.changes] for event in told[1:]] == [["app/page.tsx"]] * 3
        assert "+export default function Page() { return <h1>Cats</h1> }" in told[3].changes[0].diff

    async def test_one_goes_back_only_within_a_project(self, world: World) -> None:
        project, other = await world.project(), await world.project()
        await world.built(project=other)
        for restore_id, resends in ((other.head_id, None), (None, "run-1"), (None, "unknown"), ("unknown", None)):
            with pytest.raises(NotFound):
                await world.store.start_run(
                    world.ada, project.id, "run-2", RunKind.PROMPT, "x", restore_id=restore_id, resends=resends
                )
        assert await world.store.entries(world.ada, project.id) == []
        assert (await world.store.usage(world.ada)).points_used == 1

    # Aside

    async def test_a_fork_is_a_project_of_its_own_with_that_versions_files(self, world: World) -> None:
        store, ada = world.store, world.ada
        project = await world.project()
        cats = await world.built(PICTURE, project)
        _, lease = await world.claimed(project=project, run_id="run-2")
        await committed(world, lease, DOGS)
        world.let_pass(1)
        fork = await store.fork_project(ada, project.id, cats.id)
        assert (fork.title, fork.owner) == ("Cats (copy)", ada.id)
        assert fork == await store.project(ada, fork.id)
        versions = await store.versions(ada, fork.id)
        assert [(v.number, v.id, v.parent_id, v.run_id) for v in versions] == [(0, fork.head_id, None, None)]
        assert versions[0].manifest == await store.tree(ada, fork.id) == {"app/page.tsx": sha(PAGE)}
        assert await store.entries(ada, fork.id) == []
        card = (await store.projects(ada))[0]
        assert (card.id, card.versions, card.screenshot_sha256) == (fork.id, 0, sha(PICTURE))
        await store.delete_project(ada, project.id)
        assert await store.blobs(ada, fork.id, [sha(PAGE), sha(PICTURE)]) == {sha(PAGE): PAGE, sha(PICTURE): PICTURE}
        assert (await world.queued(project=fork, run_id="run-3")).project_id == fork.id

    async def test_the_starter_can_be_forked_and_a_long_title_still_says_that_it_is_a_copy(self, world: World) -> None:
        project = await world.project()
        await world.store.rename_project(world.ada, project.id, "ü" * 1000)
        fork = await world.store.fork_project(world.ada, project.id, project.head_id)
        assert await world.store.tree(world.ada, fork.id) == {path: sha(body) for path, body in STARTER.items()}
        assert len(fork.title) == 1000
        assert fork.title.endswith("ü (copy)")

    async def test_only_ones_own_versions_are_forked_from_their_own_project(self, world: World) -> None:
        project, other = await world.project(), await world.project()
        for user, project_id, version_id in (
            (world.eve, project.id, project.head_id),
            (world.ada, project.id, other.head_id),
            (world.ada, project.id, "unknown"),
        ):
            with pytest.raises(NotFound):
                await world.store.fork_project(user, project_id, version_id)
        assert await world.store.projects(world.eve) == []
        assert len(await world.store.projects(world.ada)) == 2

    # Taking back

    async def test_a_running_run_learns_that_it_is_to_take_back_what_it_wrote(self, world: World) -> None:
        run, lease = await world.claimed()
        assert not (await world.store.cancel_run(world.ada, run.id)).undo_requested
        for _ in range(2):
            cancelled = await world.store.cancel_run(world.ada, run.id, undo=True)
            assert (cancelled.status, cancelled.cancel_requested) == (RunStatus.RUNNING, True)
            assert cancelled.undo_requested
        assert (await world.store.cancel_run(world.ada, run.id)).undo_requested
        assert (await world.store.renew_lease(lease, 15)).undo_requested
        asked = [event for event in await world.events(run) if isinstance(event, CancelRequested)]
        assert asked == [CancelRequested(), CancelRequested(undo=True)]
        await world.store.finish_run(lease, finished(RunStatus.CANCELLED))
        over = await world.store.cancel_run(world.ada, run.id, undo=True)
        assert over.status is RunStatus.CANCELLED

    async def test_a_queued_run_has_written_nothing_to_take_back(self, world: World) -> None:
        run = await world.queued()
        assert (await world.store.cancel_run(world.ada, run.id, undo=True)).status is RunStatus.CANCELLED
        assert await world.store.pending() == 0

    @pytest.mark.parametrize("how", ["died", "was shut down"])
    async def test_what_a_worker_wrote_that_is_gone_the_next_one_takes_back(self, world: World, how: str) -> None:
        run, lease = await world.claimed()
        if how == "died":
            world.let_pass(20)
        else:
            await world.store.release_lease(lease)
        cancelled = await world.store.cancel_run(world.ada, run.id, undo=True)
        assert not cancelled.status.over
        assert not (await world.store.cancel_run(world.ada, run.id)).status.over
        assert not any(isinstance(event, RunFinished) for event in await world.events(run))
        claimed = await world.store.claim_run("other", 15)
        assert claimed
        assert (claimed[0].id, claimed[0].cancel_requested, claimed[0].undo_requested) == (run.id, True, True)
        await world.store.finish_run(claimed[2], finished(RunStatus.CANCELLED))
        assert (await world.store.run(world.ada, run.id)).status is RunStatus.CANCELLED

    # Whose turn it is

    async def test_of_two_who_wait_the_one_with_fewer_runs_under_way_is_next(self, world: World) -> None:
        for n in range(4):
            await world.queued(world.ada, f"ada-{n}")
            world.let_pass(1)
        for n in range(2):
            await world.queued(world.eve, f"eve-{n}")
            world.let_pass(1)
        claims = [await claim(world) for _ in range(7)]
        assert [run and run.id for run in claims] == ["ada-0", "eve-0", "ada-1", "eve-1", "ada-2", "ada-3", None]

    async def test_a_run_whose_worker_is_lost_is_not_under_way_and_waits_by_its_age(self, world: World) -> None:
        await world.claimed(world.ada, "lost")
        world.let_pass(20)
        await world.queued(world.ada, "ada-1")
        world.let_pass(1)
        await world.queued(world.eve, "eve-0")
        claims = [await claim(world) for _ in range(3)]
        assert [run and run.id for run in claims] == ["lost", "eve-0", "ada-1"]

    async def test_many_who_claim_at_once_get_a_run_each_and_none_twice(self, world: World) -> None:
        for n in range(6):
            await world.queued(world.ada if n % 2 else world.eve, f"run-{n}")
        claims = await asyncio.gather(*(claim(world) for _ in range(8)))
        assert sorted(run.id for run in claims if run) == [f"run-{n}" for n in range(6)]

    async def test_a_shares_preview_waits_for_whatever_a_person_waits_for(self, world: World) -> None:
        _, token = await world.shared()
        await world.store.wake_share(token)
        world.let_pass(1)
        await world.store.start_run(world.ada, (await world.project()).id, "wake", RunKind.WAKE, "x")
        world.let_pass(1)
        await world.queued(world.ada, "prompt")
        kinds = [await claim(world) for _ in range(3)]
        assert [run.id for run in kinds[:2] if run] == ["wake", "prompt"]
        assert kinds[2]
        assert kinds[2].kind is RunKind.WAKE

    # The operator

    async def test_an_operator_sees_what_is_not_over_the_longest_waiting_first(self, world: World) -> None:
        assert await world.store.open_runs() == []
        await world.built(run_id="over")
        queued = await world.queued(world.eve, "queued")
        world.let_pass(100)
        running, _ = await world.claimed(world.ada, "running")
        await world.store.cancel_run(world.ada, "running")
        world.let_pass(20)
        first, second = await world.store.open_runs()
        assert (first.id, first.owner, first.project_id, first.kind) == (
            "queued", world.eve.id, queued.project_id, RunKind.PROMPT,
        )  # fmt: skip
        assert (first.status, first.attempt, first.cancel_requested) == (RunStatus.QUEUED, 0, False)
        assert (first.lease_s, first.worker) == (None, None)
        assert timedelta(seconds=115) < timedelta(seconds=first.waited_s) < timedelta(seconds=180)
        assert (second.id, second.project_id, second.owner) == ("running", running.project_id, world.ada.id)
        assert (second.status, second.attempt, second.cancel_requested) == (RunStatus.RUNNING, 1, True)
        assert second.worker == "worker"
        assert second.lease_s is not None
        assert -60 < second.lease_s < 0
        assert [run.id for run in await world.store.open_runs(limit=1)] == ["queued"]
