"""Runs no agent leads: edits by hand, going back, waking the preview."""

import pytest

from backend.domain import FailureCode, FileStatus, InvalidInput, NotFound, RunKind, RunStatus
from backend.events import CheckFinished, ToolFinished
from tests.runs.stage import USER, Stage


async def test_an_edit_by_hand_is_checked_and_becomes_a_version(stage: Stage) -> None:
    built = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(built)
        edit = await stage.runs.edit(USER, built.project_id, {"app/page0.tsx": "mine\n", "app/page1.tsx": None})
        over = await stage.over(edit)
    assert over.status is RunStatus.SUCCEEDED
    view = await stage.view(edit)
    assert [v.number for v in view.versions] == [1, 2]
    assert view.versions[1].verified
    assert view.versions[1].title == "Edit app/page0.tsx, app/page1.tsx"
    assert view.touched == {"app/page0.tsx": FileStatus.MODIFIED, "app/page1.tsx": FileStatus.DELETED}
    tree = await stage.store.tree(USER, edit.project_id)
    assert "app/page1.tsx" not in tree
    assert await stage.store.blob(USER, edit.project_id, tree["app/page0.tsx"]) == b"mine\n"


async def test_an_edit_that_breaks_the_app_is_kept_and_says_what_is_broken(stage: Stage) -> None:
    built = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(built)
        edit = await stage.runs.edit(USER, built.project_id, {"app/page0.tsx": "BROKEN"})
        assert (await stage.over(edit)).status is RunStatus.FAILED
    view = await stage.view(edit)
    failure = view.runs[-1].failure
    assert failure
    assert failure.code is FailureCode.CHECKS
    assert "app/page0.tsx is broken" in failure.message
    assert [v.number for v in view.versions] == [1]
    tree = await stage.store.tree(USER, edit.project_id)
    assert await stage.store.blob(USER, edit.project_id, tree["app/page0.tsx"]) == b"BROKEN"


async def test_going_back_brings_the_files_of_then_as_a_new_version(stage: Stage) -> None:
    built = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(built)
        first = (await stage.view(built)).versions[0]
        await stage.over(
            await stage.runs.edit(USER, built.project_id, {"app/page0.tsx": "mine", "app/extra.tsx": "more"})
        )
        back = await stage.runs.restore(USER, built.project_id, first.id)
        assert (await stage.over(back)).status is RunStatus.SUCCEEDED
    view = await stage.view(back)
    assert [(v.number, v.title) for v in view.versions][2] == (3, "Go back to version 1")
    then = await stage.store.version(USER, first.id)
    assert await stage.store.tree(USER, back.project_id) == then.manifest
    kinds = [type(e.event) for e in await stage.entries(back)]
    assert kinds.count(ToolFinished) == kinds.count(CheckFinished) == 1


async def test_waking_brings_the_preview_back_with_the_files_and_changes_nothing(stage: Stage) -> None:
    built = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(built)
        sandbox_id = (await stage.store.project(USER, built.project_id)).sandbox_id
        assert sandbox_id
        await stage.workspaces.kill(sandbox_id)
        await stage.store.clear_preview(built.project_id, sandbox_id)
        assert (await stage.view(built)).preview.state == "off"
        wake = await stage.runs.wake(USER, built.project_id)
        assert (await stage.over(wake)).status is RunStatus.SUCCEEDED
    view = await stage.view(wake)
    assert view.preview.state == "ready"
    assert view.preview.url == (await stage.store.project(USER, built.project_id)).preview_url
    assert len(view.versions) == 1
    assert stage.workspaces.opened[-1].sandbox_id != sandbox_id
    assert "app/page0.tsx" in stage.workspaces.opened[-1].files


async def test_waking_while_a_run_is_under_way_is_that_run(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    assert (await stage.runs.wake(USER, run.project_id)).id == run.id


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", ".env", "node_modules/x.js", "a\0b", ""])
async def test_an_edit_outside_the_project_is_refused_before_it_is_queued(stage: Stage, path: str) -> None:
    run = await stage.runs.start(USER, None, "a page")
    await stage.runs.cancel(USER, run.id)
    with pytest.raises(InvalidInput):
        await stage.runs.edit(USER, run.project_id, {path: "x"})
    assert await stage.store.pending() == 0


async def test_a_version_of_another_project_is_not_found(stage: Stage) -> None:
    one = await stage.runs.start(USER, None, "a page")
    other = await stage.runs.start(USER, None, "another")
    await stage.runs.cancel(USER, one.id)
    head = (await stage.store.project(USER, other.project_id)).head_id
    with pytest.raises(NotFound):
        await stage.runs.restore(USER, one.project_id, head)
    assert {r.kind for r in (await stage.view(one)).runs} == {RunKind.PROMPT}
