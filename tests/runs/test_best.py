"""A run that fails leaves the best of what it made."""

from backend.agent.loop import Outcome
from backend.domain import Failure, FailureCode, RunStatus
from backend.events import CheckFinished, StepStarted, ToolFinished
from backend.runs.best import STEP
from backend.runs.job import Job
from backend.workspace.contract import Workspace
from tests.runs.stage import USER, Stage

FAILURE = Failure(code=FailureCode.CHECKS, message="It still fails.", action="Say how.", tried=["Guessing: no."])


class Attempts:
    """An agent that writes these states of the pages one after the other, has each checked, and gives up."""

    def __init__(self, *states: dict[str, str]) -> None:
        self.states = states

    async def __call__(self, job: Job, workspace: Workspace) -> Outcome:
        report = None
        for turn, files in enumerate(self.states):
            step, written = f"tool:{turn}:0", []
            if not job.journal.done(step):
                written = await workspace.write({path: text.encode() for path, text in files.items()})
                await job.journal.append(StepStarted(step=step, kind="tool", tool="write_file"))
                blobs = [w.content for w in written if w.content is not None]
                changes = [w.change for w in written]
                done = ToolFinished(
                    step=step,
                    call_id=step,
                    tool="write_file",
                    target="",
                    ok=True,
                    result="",
                    changes=changes,
                    duration_ms=1,
                )
                await job.journal.append(done, step=step, blobs=blobs)
                found = await job.gate(workspace)
                report = found.report
                checked = CheckFinished(step=f"check:{turn}", report=report, duration_ms=1)
                await job.journal.append(checked, step=checked.step, blobs=found.blobs)
        return Outcome(False, False, True, FAILURE, report, "")


async def ended(stage: Stage, *states: dict[str, str]):
    stage.agent = Attempts(*states)
    run = await stage.runs.start(USER, None, "three pages")
    async with stage.working():
        over = await stage.over(run, timeout_s=60)
    assert over.status is RunStatus.FAILED
    view = await stage.view(run)
    tree = await stage.store.tree(USER, run.project_id)
    files = {
        path: (await stage.store.blob(USER, run.project_id, sha256)).decode()
        for path, sha256 in tree.items()
        if path in ("a.ts", "b.ts", "c.ts")
    }
    return run, view, files


async def test_state_with_the_fewest_problems_is_kept_and_said_to_be_unverified(stage: Stage) -> None:
    worst, best = {"a.ts": "BROKEN", "b.ts": "BROKEN"}, {"a.ts": "good", "b.ts": "BROKEN"}
    run, view, files = await ended(stage, worst, best, {"a.ts": "BROKEN", "b.ts": "BROKEN", "c.ts": "BROKEN"})
    assert files == best, "the file that came later is gone again"
    (version,) = view.versions
    assert (version.verified, version.title) == (False, "three pages (not verified)")
    project = await stage.store.project(USER, run.project_id)
    assert project.head_id == version.id == view.runs[0].version_id
    failure = view.runs[0].failure
    assert failure
    assert "version 1, which is not verified" in failure.message
    assert failure.tried == FAILURE.tried
    back = next(e.event for e in await stage.entries(run) if isinstance(e.event, ToolFinished) and e.event.step == STEP)
    assert {change.path: change.status for change in back.changes} == {"a.ts": "M", "c.ts": "D"}
    sandbox = stage.workspaces.opened[-1]
    assert sandbox.files["a.ts"] == b"good", "the preview shows what is kept"
    assert "c.ts" not in sandbox.files


async def test_state_that_passed_is_kept_as_verified_though_the_run_failed(stage: Stage) -> None:
    _, view, files = await ended(stage, {"a.ts": "good"}, {"a.ts": "BROKEN"})
    assert files == {"a.ts": "good"}
    assert [(v.verified, v.title) for v in view.versions] == [(True, "three pages")]
    assert view.runs[0].verified


async def test_of_states_alike_the_last_is_kept_as_it_is(stage: Stage) -> None:
    run, view, files = await ended(stage, {"a.ts": "BROKEN"}, {"a.ts": "BROKEN", "b.ts": "more"})
    assert files == {"a.ts": "BROKEN", "b.ts": "more"}
    assert len(view.versions) == 1
    assert not [e for e in await stage.entries(run) if isinstance(e.event, ToolFinished) and e.event.step == STEP]


async def test_what_was_not_verified_is_once_it_passes(stage: Stage) -> None:
    run, _, _ = await ended(stage, {"a.ts": "BROKEN"})
    stage.agent = Mended()
    again = await stage.runs.start(USER, run.project_id, "is it fine?")
    async with stage.working():
        await stage.over(again, timeout_s=60)
    assert [v.verified for v in (await stage.view(again)).versions] == [False]
    third = await stage.runs.start(USER, run.project_id, "mend it")
    stage.agent = Mended({"a.ts": b"good"})
    async with stage.working():
        await stage.over(third, timeout_s=60)
    assert (await stage.view(third)).versions[-1].verified


class Mended:
    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = files or {}

    async def __call__(self, job: Job, workspace: Workspace) -> Outcome:
        await workspace.write(self.files)
        return Outcome(True, False, False, None, None, "It is fine.")
