"""What every store promises to users: their projects, and nobody else's."""

import asyncio

import pytest

from backend.domain import (
    Busy,
    InvalidInput,
    NotFound,
    Run,
    RunKind,
)
from backend.events import (
    ProjectTitled,
    RunQueued,
)
from tests.store.world import STARTER, World, finished, passed, sha


class UserPromises:
    # Projects

    async def test_a_new_project_holds_the_starter_as_version_0(self, world: World) -> None:
        project = await world.project()
        versions = await world.store.versions(world.ada, project.id)
        assert [(v.number, v.id, v.parent_id) for v in versions] == [(0, project.head_id, None)]
        tree = await world.store.tree(world.ada, project.id)
        assert tree == versions[0].manifest == {path: sha(body) for path, body in STARTER.items()}
        blobs = await world.store.blobs(world.ada, project.id, list(tree.values()))
        assert {path: blobs[h] for path, h in tree.items()} == STARTER

    async def test_projects_are_listed_with_the_newest_activity_first(self, world: World) -> None:
        first = await world.project()
        world.let_pass(1)
        second = await world.project()
        assert [c.id for c in await world.store.projects(world.ada)] == [second.id, first.id]
        world.let_pass(1)
        _, lease = await world.claimed(project=first)
        cards = await world.store.projects(world.ada)
        assert [(c.id, c.active) for c in cards] == [(first.id, True), (second.id, False)]
        picture = b"\xff\xd8\xff"
        await world.store.append(lease, [], blobs=[picture])
        await world.store.commit_version(lease, "v1", {}, passed(picture))
        await world.store.finish_run(lease, finished())
        card = (await world.store.projects(world.ada, limit=1))[0]
        assert (card.id, card.active, card.versions, card.screenshot_sha256) == (first.id, False, 1, sha(picture))

    async def test_a_title_given_by_the_person_or_the_agents_is_the_projects_and_in_its_journal(
        self, world: World
    ) -> None:
        run, lease = await world.claimed()
        await world.store.append(lease, [ProjectTitled(title="By agents")])
        assert (await world.store.project(world.ada, run.project_id)).title == "By agents"
        await world.store.rename_project(world.ada, run.project_id, "By Ada")
        assert (await world.store.project(world.ada, run.project_id)).title == "By Ada"
        assert (await world.events(run))[-1] == ProjectTitled(title="By Ada")

    async def test_a_project_is_deleted_whole_but_not_under_a_run(self, world: World) -> None:
        run, lease = await world.claimed()
        with pytest.raises(Busy):
            await world.store.delete_project(world.ada, run.project_id)
        await world.store.finish_run(lease, finished())
        await world.store.delete_project(world.ada, run.project_id)
        for look in (
            world.store.project(world.ada, run.project_id),
            world.store.entries(world.ada, run.project_id),
            world.store.run(world.ada, run.id),
            world.store.blob(world.ada, run.project_id, sha(STARTER["app/page.tsx"])),
        ):
            with pytest.raises(NotFound):
                await look

    # Starting

    async def test_starting_twice_with_one_id_is_one_run(self, world: World) -> None:
        project = await world.project()
        runs = [await world.queued(project=project) for _ in range(3)]
        assert runs[0] == runs[1] == runs[2]
        assert [type(e) for e in await world.events(runs[0])] == [RunQueued]

    async def test_a_project_has_one_run_at_a_time(self, world: World) -> None:
        project = await world.project()
        await world.queued(project=project)
        with pytest.raises(Busy):
            await world.queued(project=project, run_id="run-2")
        active = await world.store.active_run(world.ada, project.id)
        assert active
        assert active.id == "run-1"

    async def test_of_many_starts_at_once_one_wins(self, world: World) -> None:
        project = await world.project()
        starts = [world.queued(project=project, run_id=f"run-{n}") for n in range(100)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        assert sum(isinstance(r, Run) for r in results) == 1
        assert sum(isinstance(r, Busy) for r in results) == 99
        entries = await world.store.entries(world.ada, project.id)
        assert [e.seq for e in entries] == [1]

    async def test_attachments_and_edits_are_kept_as_content(self, world: World) -> None:
        project = await world.project()
        picture = b"\x89PNG attached"
        run = await world.store.start_run(
            world.ada,
            project.id,
            "run-1",
            RunKind.EDIT,
            "Edit",
            attachments=[("cat.png", "image/png", picture)],
            edits={"a.txt": b"new", "gone.txt": None},
        )
        assert run.edits == {"a.txt": sha(b"new"), "gone.txt": None}
        assert [a.sha256 for a in run.attachments] == [sha(picture)]
        assert await world.store.blob(world.ada, project.id, sha(picture)) == picture
        assert await world.store.blob(world.ada, project.id, sha(b"new")) == b"new"
        assert await world.store.run(world.ada, "run-1") == run

    @pytest.mark.parametrize("text", ["nul \0 in it", "half \ud800 a character"])
    async def test_text_no_store_can_hold_is_refused_and_nothing_is_queued(self, world: World, text: str) -> None:
        project = await world.project()
        with pytest.raises(InvalidInput):
            await world.store.start_run(world.ada, project.id, "run-1", RunKind.PROMPT, text)
        with pytest.raises(InvalidInput):
            await world.store.rename_project(world.ada, project.id, text)
        assert await world.store.pending() == 0

    @pytest.mark.parametrize("run_id", ["", "a b", "../x", "r'", "x" * 65, "run\n", "ü"])
    async def test_an_id_is_letters_digits_hyphens_and_underscores(self, world: World, run_id: str) -> None:
        project = await world.project()
        with pytest.raises(InvalidInput):
            await world.queued(project=project, run_id=run_id)
        assert await world.store.entries(world.ada, project.id) == []
        assert (await world.queued(project=project, run_id="A-z_09" + "x" * 58)).id

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a/./b", "a\\b", "..", "x" * 501])
    async def test_a_path_is_below_the_projects_root(self, world: World, path: str) -> None:
        project = await world.project()
        with pytest.raises(InvalidInput):
            await world.store.create_project(world.ada, "Cats", {path: b""})
        with pytest.raises(InvalidInput):
            await world.store.start_run(world.ada, project.id, "run-1", RunKind.EDIT, "x", edits={path: b""})
        assert [card.id for card in await world.store.projects(world.ada)] == [project.id]
        assert await world.store.entries(world.ada, project.id) == []

    @pytest.mark.parametrize("path", ["app/[id]/page.tsx", "app/(shop)/a b.tsx", ".env.example", "a/...b/c", "ü/ç.css"])
    async def test_paths_as_next_has_them_are_fine(self, world: World, path: str) -> None:
        project = await world.store.create_project(world.ada, "Cats", {path: b"x"})
        assert list(await world.store.tree(world.ada, project.id)) == [path]

    async def test_a_title_has_an_end(self, world: World) -> None:
        project = await world.project()
        with pytest.raises(InvalidInput):
            await world.store.create_project(world.ada, "x" * 1001, {})
        with pytest.raises(InvalidInput):
            await world.store.rename_project(world.ada, project.id, "x" * 1001)
        await world.store.rename_project(world.ada, project.id, "ü" * 1000)

    async def test_hostile_text_comes_back_as_it_was(self, world: World) -> None:
        project = await world.project()
        text = "'; drop table runs; -- ${x} <script> \\u0000 \U0001f408 %s \r\n"
        run = await world.store.start_run(world.ada, project.id, "run-1", RunKind.PROMPT, text)
        assert (await world.store.run(world.ada, run.id)).prompt == text
        assert await world.events(run) == [RunQueued(kind=RunKind.PROMPT, prompt=text)]
