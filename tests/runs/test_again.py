"""Going back in time: an earlier prompt changed and sent again, and a project copied at a version."""

import pytest

from backend.agent.journal import BASE_STEP
from backend.domain import InvalidInput, NotFound, Run, RunStatus
from backend.events import ToolFinished
from backend.workspace import SandboxLost
from tests.runs.actor import Actor
from tests.runs.stage import USER, Stage
from tests.runs.test_followups import finished

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def done(stage: Stage, run: Run, text: str | None = None) -> Run:
    if text is not None:
        stage.actor.text = text
    async with stage.working():
        return await stage.over(run, timeout_s=60)


async def grown(stage: Stage) -> list[Run]:
    """Three prompts, each of which writes the pages anew, the third one more of them."""
    first = await stage.runs.start(USER, None, "a page")
    await done(stage, first, "one\n")
    second = await stage.runs.start(USER, first.project_id, "a blue page", [("sea.png", "image/png", PNG)])
    await done(stage, second, "two\n")
    third = await stage.runs.start(USER, first.project_id, "more pages")
    stage.actor.turns = 4
    await done(stage, third, "three\n")
    stage.actor.turns = 1
    return [first, second, third]


async def test_a_prompt_sent_again_starts_from_the_files_it_once_started_from(stage: Stage) -> None:
    first, second, _ = await grown(stage)
    again = await stage.runs.start(USER, first.project_id, "a green page", resends=second.id)
    assert (await done(stage, again, "green\n")).status is RunStatus.SUCCEEDED
    view = await stage.view(again)
    one, *_, four = view.versions
    stored = {v.number: v for v in await stage.store.versions(USER, first.project_id)}
    assert (stored[4].parent_id, four.run_id) == (one.id, again.id)
    files = {
        path: await stage.store.blob(USER, first.project_id, sha256)
        for path, sha256 in (await stage.store.tree(USER, first.project_id)).items()
        if path.startswith("app/page") and path[8].isdigit()
    }
    assert files == {"app/page0.tsx": b"green\n", "app/page1.tsx": b"one\n", "app/page2.tsx": b"one\n"}
    assert [run.set_aside for run in view.runs] == [False, True, True, False]
    assert view.runs[-1].resends == second.id
    assert [a.name for a in view.runs[-1].attachments] == ["sea.png"], "its images come along"


async def test_one_that_was_sent_again_starts_from_the_same_version_once_more(stage: Stage) -> None:
    first, second, _ = await grown(stage)
    again = await stage.runs.start(USER, first.project_id, "a green page", resends=second.id)
    await done(stage, again, "green\n")
    once_more = await stage.runs.start(USER, first.project_id, "a yellow page", resends=again.id)
    assert once_more.restore_id == again.restore_id == (await stage.view(first)).versions[0].id


async def test_other_images_take_the_place_of_those_sent_before(stage: Stage) -> None:
    first, second, _ = await grown(stage)
    image = ("sky.png", "image/png", PNG)
    again = await stage.runs.start(USER, first.project_id, "a green page", [image], resends=second.id)
    assert [a.name for a in again.attachments] == ["sky.png"]


async def test_the_first_prompt_sent_again_starts_from_the_starter(stage: Stage) -> None:
    first, *_ = await grown(stage)
    again = await stage.runs.start(USER, first.project_id, "a shop", resends=first.id)
    await done(stage, again, "shop\n")
    tree = await stage.store.tree(USER, first.project_id)
    assert "app/page0.tsx" in tree
    assert "app/page1.tsx" not in tree


async def test_one_that_waited_starts_again_from_what_it_had_waited_for(stage: Stage) -> None:
    first = await stage.runs.start(USER, None, "a page")
    followup, _ = await stage.runs.add_followup(USER, first.project_id, "a blue page")
    async with stage.working():
        await finished(stage, followup.id)
    again = await stage.runs.start(USER, first.project_id, "a green page", resends=followup.id)
    assert again.restore_id == (await stage.view(first)).versions[0].id


async def test_the_files_it_starts_from_are_written_once_even_when_the_sandbox_is_lost(stage: Stage) -> None:
    first, second, _ = await grown(stage)

    class Unlucky(Actor):
        async def _run(self, job, workspace, step, command):
            if len(stage.workspaces.opened) == before + 1:
                await stage.workspaces.kill(workspace.sandbox_id)
                raise SandboxLost("The sandbox is gone.")
            await super()._run(job, workspace, step, command)

    before = len(stage.workspaces.opened)
    stage.actor = Unlucky(turns=1, text="green\n")
    again = await stage.runs.start(USER, first.project_id, "a green page", resends=second.id)
    assert (await done(stage, again)).status is RunStatus.SUCCEEDED
    steps = [e.event.step for e in await stage.entries(again) if isinstance(e.event, ToolFinished)]
    assert steps.count(BASE_STEP) == 1
    assert steps[0] == BASE_STEP
    assert stage.workspaces.opened[-1].files["app/page1.tsx"] == b"one\n"
    assert "app/page3.tsx" not in stage.workspaces.opened[-1].files


async def test_only_a_prompt_of_the_project_is_sent_again(stage: Stage) -> None:
    first = await stage.runs.start(USER, None, "a page")
    await done(stage, first)
    edit = await stage.runs.edit(USER, first.project_id, {"app/page0.tsx": "mine"})
    await done(stage, edit)
    other = await stage.runs.start(USER, None, "another")
    for resends, refusal in ((edit.id, InvalidInput), (other.id, NotFound), ("unknown", NotFound)):
        with pytest.raises(refusal):
            await stage.runs.start(USER, first.project_id, "x", resends=resends)
    assert len((await stage.view(first)).runs) == 2


async def test_a_fork_has_the_versions_files_and_a_preview_of_its_own_also_while_a_run_is_under_way(
    stage: Stage,
) -> None:
    first, *_ = await grown(stage)
    version = (await stage.view(first)).versions[0]
    under_way = await stage.runs.start(USER, first.project_id, "even more")
    project, waking = await stage.runs.fork(USER, first.project_id, version.id)
    assert project.title == "Acted (copy)"
    assert waking
    async with stage.working():
        await stage.over(waking, timeout_s=60)
        await stage.over(under_way, timeout_s=60)
    then = await stage.store.version(USER, version.id)
    assert await stage.store.tree(USER, project.id) == then.manifest
    assert (await stage.view(waking)).preview.state == "ready"
    own = await stage.runs.start(USER, project.id, "its own way")
    await done(stage, own, "forked\n")
    assert await stage.store.tree(USER, project.id) != then.manifest
    original = await stage.store.tree(USER, first.project_id)
    assert b"forked" not in await stage.store.blob(USER, first.project_id, original["app/page0.tsx"])
