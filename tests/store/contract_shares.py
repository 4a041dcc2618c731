"""What every store promises of shares: a link shows one version to anybody, lives on its own, and dies when revoked."""

import asyncio

import pytest

from backend.domain import LimitKind, LimitReached, NotFound, RunKind, RunStatus, ShareState
from tests.store.world import PAGE, World, finished, sha, wrote

PICTURE = b"\xff\xd8\xff a screenshot"
HOUR_S = 3600


class SharePromises:
    # Making and revoking

    async def test_a_share_shows_its_version_and_not_what_came_later(self, world: World) -> None:
        share, token = await world.shared(picture=PICTURE)
        project = await world.store.project(world.ada, share.project_id)
        _, lease = await world.claimed(project=project, run_id="run-2")
        await world.store.append(lease, [wrote("tool:0:0", app_secret=b"later")], blobs=[b"later"])
        await world.store.commit_version(lease, "Dogs", {"app/secret.tsx": sha(b"later")}, None)
        await world.store.finish_run(lease, finished())
        shown = await world.store.open_share(token)
        assert (shown.title, shown.version_number) == (project.title, 1)
        assert (shown.files, shown.screenshot, shown.prompts) == (1, True, [])
        assert (shown.state, shown.preview_url) == (ShareState.OFF, None)
        assert await world.store.share_picture(token) == PICTURE

    async def test_shares_are_listed_to_their_owner_without_their_tokens(self, world: World) -> None:
        version = await world.built()
        first, token = await world.store.create_share(world.ada, version.project_id, version.id, False)
        world.let_pass(1)
        second, other = await world.store.create_share(world.ada, version.project_id, version.id, True)
        assert token != other
        assert len(token) >= 32
        assert (first.version_id, first.version_number, first.history) == (version.id, 1, False)
        assert [share.id for share in await world.store.shares(world.ada, version.project_id)] == [second.id, first.id]
        assert token not in second.model_dump_json() + first.model_dump_json()

    async def test_a_share_is_of_a_version_of_its_project(self, world: World) -> None:
        version, other = await world.built(), await world.project()
        with pytest.raises(NotFound):
            await world.store.create_share(world.ada, other.id, version.id, False)

    async def test_a_revoked_share_is_gone_at_once_and_revoking_twice_is_once(self, world: World) -> None:
        share, token = await world.shared()
        await preview_started(world, token, "sb-share")
        assert await world.store.revoke_share(world.ada, share.id) == "sb-share"
        assert await world.store.revoke_share(world.ada, share.id) is None
        with pytest.raises(NotFound):
            await world.store.open_share(token)
        assert await world.store.shares(world.ada, share.project_id) == []
        assert await world.store.previews() == []

    async def test_a_share_revoked_while_its_preview_starts_leaves_no_run(self, world: World) -> None:
        share, token = await world.shared()
        await world.store.wake_share(token)
        await world.store.revoke_share(world.ada, share.id)
        assert await world.store.pending() == 0

    async def test_a_deleted_project_takes_its_shares_along(self, world: World) -> None:
        share, token = await world.shared()
        await preview_started(world, token, "sb-share")
        assert await world.store.delete_project(world.ada, share.project_id) == ["sb-share"]
        assert await world.store.previews() == []
        with pytest.raises(NotFound):
            await world.store.open_share(token)

    async def test_without_a_screenshot_there_is_no_picture(self, world: World) -> None:
        _, token = await world.shared()
        assert not (await world.store.open_share(token)).screenshot
        with pytest.raises(NotFound):
            await world.store.share_picture(token)

    # Prompts

    async def test_prompts_are_shown_only_where_the_owner_allows_it_and_only_up_to_the_version(
        self, world: World
    ) -> None:
        project = await world.project()
        for n in range(1, 4):
            await prompted(world, project.id, f"prompt {n}", n)
            world.let_pass(1)
        second = (await world.store.versions(world.ada, project.id))[2]
        _, open_token = await world.store.create_share(world.ada, project.id, second.id, True)
        _, closed_token = await world.store.create_share(world.ada, project.id, second.id, False)
        assert (await world.store.open_share(open_token)).prompts == ["prompt 1", "prompt 2"]
        assert (await world.store.open_share(closed_token)).prompts == []

    # The preview

    async def test_a_preview_is_woken_from_a_hidden_copy_of_the_version(self, world: World) -> None:
        share, token = await world.shared()
        assert (await world.store.wake_share(token)).state is ShareState.WAKING
        claimed = await world.store.claim_run("w", 15)
        assert claimed
        run, project, lease = claimed
        assert (run.kind, run.owner) == (RunKind.WAKE, world.ada.id)
        assert project.id != share.project_id
        tree = await world.store.leased_tree(lease)
        assert tree == {"app/page.tsx": sha(PAGE)}
        assert await world.store.leased_blobs(lease, list(tree.values())) == {sha(PAGE): PAGE}
        assert [card.id for card in await world.store.projects(world.ada)] == [share.project_id]
        for attempt in (
            world.store.project(world.ada, project.id),
            world.store.tree(world.ada, project.id),
            world.store.rename_project(world.ada, project.id, "Mine"),
            world.store.start_run(world.ada, project.id, "run-2", RunKind.EDIT, "x", edits={"app/page.tsx": b"other"}),
            world.store.create_share(world.ada, project.id, project.head_id, False),
            world.store.delete_project(world.ada, project.id),
        ):
            with pytest.raises(NotFound):
                await attempt
        await world.store.set_preview(project.id, lease, "sb", "http://preview")
        await world.store.finish_run(lease, finished())
        shown = await world.store.open_share(token)
        assert (shown.state, shown.preview_url) == (ShareState.READY, "http://preview")
        assert (await world.store.project(world.ada, share.project_id)).preview_url is None

    async def test_a_link_works_again_after_its_sandbox_died(self, world: World) -> None:
        _, token = await world.shared()
        project_id = await preview_started(world, token, "sb")
        await world.store.clear_preview(project_id, "sb")
        assert (await world.store.open_share(token)).state is ShareState.OFF
        world.let_pass(30)
        assert (await world.store.wake_share(token)).state is ShareState.WAKING
        assert await world.store.pending() == 1

    async def test_a_preview_that_is_up_or_on_its_way_is_not_woken_again(self, world: World) -> None:
        _, token = await world.shared()
        shown = await asyncio.gather(*(world.store.wake_share(token) for _ in range(20)), return_exceptions=True)
        assert not [s for s in shown if isinstance(s, BaseException)]
        assert await world.store.pending() == 1
        await preview_started(world, token, "sb")
        assert (await world.store.wake_share(token)).state is ShareState.READY
        assert await world.store.pending() == 0

    async def test_a_preview_that_fails_says_so_and_is_tried_again_after_a_rest(self, world: World) -> None:
        _, token = await world.shared()
        await preview_failed(world, token)
        assert (await world.store.open_share(token)).state is ShareState.FAILED
        with pytest.raises(LimitReached) as caught:
            await world.store.wake_share(token)
        assert caught.value.kind is LimitKind.RATE
        assert caught.value.resets_at
        assert await world.store.pending() == 0
        world.let_pass(21)
        assert (await world.store.wake_share(token)).state is ShareState.WAKING

    async def test_a_preview_is_woken_thirty_times_an_hour_and_no_more(self, world: World) -> None:
        _, token = await world.shared()
        for _ in range(30):
            await preview_failed(world, token)
            world.let_pass(21)
        with pytest.raises(LimitReached) as caught:
            await world.store.wake_share(token)
        assert caught.value.kind is LimitKind.RATE
        world.let_pass(HOUR_S)
        assert (await world.store.wake_share(token)).state is ShareState.WAKING

    async def test_waking_takes_no_point_of_the_owners(self, world: World) -> None:
        _, token = await world.shared()
        before = await world.store.usage(world.ada)
        await world.store.wake_share(token)
        assert await world.store.usage(world.ada) == before

    async def test_wakers_of_the_queue_are_poked(self, world: World) -> None:
        _, token = await world.shared()
        with world.store.watch_queue() as poke:
            await world.store.wake_share(token)
            await asyncio.wait_for(poke.wait(10), 5)

    # Remixing

    async def test_a_remix_is_a_project_of_ones_own_with_the_versions_files(self, world: World) -> None:
        share, token = await world.shared(history=True, picture=PICTURE)
        remix = await world.store.remix(world.eve, token)
        assert remix.owner == world.eve.id
        assert "Cats" in remix.title
        assert await world.store.tree(world.eve, remix.id) == {"app/page.tsx": sha(PAGE)}
        assert await world.store.blob(world.eve, remix.id, sha(PAGE)) == PAGE
        assert await world.store.entries(world.eve, remix.id) == []
        versions = await world.store.versions(world.eve, remix.id)
        assert [(v.number, v.id) for v in versions] == [(0, remix.head_id)]
        await world.store.delete_project(world.ada, share.project_id)
        assert await world.store.blob(world.eve, remix.id, sha(PAGE)) == PAGE

    async def test_ones_own_share_can_be_remixed_too(self, world: World) -> None:
        share, token = await world.shared()
        remix = await world.store.remix(world.ada, token)
        assert {card.id for card in await world.store.projects(world.ada)} == {share.project_id, remix.id}


async def prompted(world: World, project_id: str, prompt: str, n: int) -> None:
    """A prompt that led to version `n`."""
    run_id = f"run-{n}"
    await world.store.start_run(world.ada, project_id, run_id, RunKind.PROMPT, prompt)
    claimed = await world.store.claim_run("w", 15, run_id)
    assert claimed
    await world.store.commit_version(claimed[2], f"Version {n}", {}, None)
    await world.store.finish_run(claimed[2], finished())


async def preview_started(world: World, token: str, sandbox_id: str) -> str:
    """A worker brings the preview up; the hidden project's id."""
    await world.store.wake_share(token)
    claimed = await world.store.claim_run("w", 15)
    assert claimed
    await world.store.set_preview(claimed[1].id, claimed[2], sandbox_id, "http://preview")
    await world.store.finish_run(claimed[2], finished())
    return claimed[1].id


async def preview_failed(world: World, token: str) -> None:
    await world.store.wake_share(token)
    claimed = await world.store.claim_run("w", 15)
    assert claimed
    await world.store.finish_run(claimed[2], finished(RunStatus.FAILED))
