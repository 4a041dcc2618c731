"""A prompt's way: queued, worked on, checked, committed."""

from backend.agent.loop import Outcome
from backend.domain import Failure, FailureCode, FileStatus, RunStatus
from backend.events import LogLines, SandboxBooting, SandboxReady
from backend.runs.job import Job
from backend.workspace.contract import Workspace
from tests.runs.stage import USER, Stage


async def test_a_prompt_becomes_a_verified_version_with_its_preview(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page for my cat")
    async with stage.working():
        over = await stage.over(run)
    assert over.status is RunStatus.SUCCEEDED
    view = await stage.view(run)
    assert view.title == "Acted"
    assert view.preview.state == "ready"
    assert [v.number for v in view.versions] == [1]
    assert view.versions[0].title == "a page for my cat"
    assert view.versions[0].verified
    assert view.runs[0].version_id == view.versions[0].id
    assert view.runs[0].cost_micros == 300
    assert {c.path: c.status for c in view.versions[0].changes} == {
        f"app/page{n}.tsx": FileStatus.ADDED for n in range(3)
    }
    tree = await stage.store.tree(USER, run.project_id)
    version = await stage.store.version(USER, view.versions[0].id)
    assert tree == version.manifest
    project = await stage.store.project(USER, run.project_id)
    assert project.head_id == version.id
    assert project.preview_url == view.preview.url


async def test_a_follow_up_uses_the_same_sandbox_without_announcing_a_new_one(stage: Stage) -> None:
    first = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(first)
        stage.actor.text = "export default 2\n"
        second = await stage.runs.start(USER, first.project_id, "change it")
        await stage.over(second)
    assert len({w.sandbox_id for w in stage.workspaces.opened}) == 1
    assert not [e for e in await stage.entries(second) if isinstance(e.event, SandboxBooting | SandboxReady)]
    assert [v.number for v in (await stage.view(second)).versions] == [1, 2]


async def test_a_run_that_changes_nothing_commits_nothing(stage: Stage) -> None:
    stage.actor.turns = 0
    run = await stage.runs.start(USER, None, "what is this?")
    async with stage.working():
        over = await stage.over(run)
    assert over.status is RunStatus.SUCCEEDED
    assert (await stage.view(run)).versions == []


async def test_what_a_failed_run_leaves_is_a_version_that_says_it_is_not_verified(stage: Stage) -> None:
    stage.actor.text = "BROKEN"
    run = await stage.runs.start(USER, None, "break it")
    async with stage.working():
        over = await stage.over(run)
    assert over.status is RunStatus.FAILED
    view = await stage.view(run)
    (version,) = view.versions
    assert (version.verified, version.title) == (False, "break it (not verified)")
    assert view.runs[0].version_id == version.id
    assert not view.runs[0].verified
    tree = await stage.store.tree(USER, run.project_id)
    assert "app/page0.tsx" in tree
    assert tree == (await stage.store.version(USER, version.id)).manifest


async def test_what_the_dev_server_prints_is_journaled_up_to_a_bound(stage: Stage) -> None:
    stage.actor.pause_s = 0.15
    run = await stage.runs.start(USER, None, "print")
    async with stage.working():

        async def opened() -> bool:
            return bool(stage.workspaces.opened)

        from tests.runs.stage import until

        await until(opened)
        stage.workspaces.opened[0].log = [f"line {n}" for n in range(5000)]
        await stage.over(run)
    lines = [line for e in await stage.entries(run) if isinstance(e.event, LogLines) for line in e.event.lines]
    assert lines[0] == "line 0"
    assert len(lines) == 600
    assert "left out" in lines[-1]


async def test_what_an_earlier_run_left_unproven_is_proven_when_there_is_nothing_left_to_do(stage: Stage) -> None:
    async def broken_off(job: Job, workspace: Workspace) -> Outcome:
        await stage.actor._write(job, workspace, "tool:0:0", "app/page.tsx")
        failure = Failure(code=FailureCode.MODEL, message="The model is away.", action="Try again.")
        return Outcome(False, False, True, failure, None, "")

    async def content(job: Job, workspace: Workspace) -> Outcome:
        return Outcome(True, False, False, None, None, "It is all there.")

    stage.agent = broken_off
    first = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(first)
    assert not (await stage.view(first)).versions
    stage.agent = content
    second = await stage.runs.start(USER, first.project_id, "is it there?")
    async with stage.working():
        await stage.over(second)
        third = await stage.runs.start(USER, first.project_id, "and now?")
        await stage.over(third)
    view = await stage.view(second)
    assert [(v.number, v.verified, v.run_id) for v in view.versions] == [(1, True, second.id)]
    assert [run.verified for run in view.runs] == [False, True, False]
