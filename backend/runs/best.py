"""What a failed run leaves behind: the best of the states it checked, as a version that says whether it is verified."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.domain import CheckReport, RunStatus, Version
from backend.events import CheckFinished, Entry, ToolFinished
from backend.runs.commit import commit, manifest_of
from backend.runs.edit import write_step
from backend.runs.job import Finish, Job
from backend.runs.undo import found_by
from backend.workspace.contract import Workspace

if TYPE_CHECKING:
    from backend.agent.loop import Outcome

STEP = "best:0"
"""Puts the project's files back to the best state."""


@dataclass(frozen=True)
class State:
    files: Mapping[str, str]
    """path → sha256."""
    report: CheckReport

    @property
    def badness(self) -> tuple[int, int]:
        """Levels that did not pass, then problems."""
        passed = sum(result.passed for result in self.report.results)
        return (0, 0) if self.report.passed else (1 - passed, len(self.report.problems))


def checked_states(found: Mapping[str, str], entries: Iterable[Entry]) -> list[State]:
    """The states that a run, which began with the files `found`, made and checked, oldest first."""
    files = dict(found)
    states: list[State] = []
    for entry in entries:
        if isinstance(entry.event, ToolFinished):
            for change in entry.event.changes:
                files.pop(change.path, None)
                if change.sha256:
                    files[change.path] = change.sha256
        elif isinstance(entry.event, CheckFinished) and files != found:
            states.append(State(dict(files), entry.event.report))
    return states


async def keep_best(job: Job, workspace: Workspace, title: str, outcome: "Outcome") -> Finish:
    """End the run as failed, with the best state it reached as the project's files and as its version. Without a checked
    state there is no version, and the files stay as they are.
    """
    project = await job.store.leased_project(job.lease)
    head = await job.store.leased_version(job.lease, project.head_id)
    if head.run_id == job.run.id:
        return Finish(RunStatus.FAILED, head.verified, outcome.failure, head.id)
    found = found_by(job, head, await job.store.leased_tree(job.lease))
    states = checked_states(found, job.journal.entries)
    if not states:
        return Finish(RunStatus.FAILED, outcome.verified, outcome.failure)
    left = manifest_of(workspace)
    best = min(reversed(states), key=lambda state: state.badness)
    if best.files != left:
        await _become(job, workspace, best)
    verified = best.report.passed
    version = await commit(job, workspace, title if verified else f"{title} (not verified)", best.report)
    failure = outcome.failure
    if failure and version:
        words = f"{failure.message} {_kept(version, last=best.files == left)}"
        failure = failure.model_copy(update={"message": words})
    return Finish(RunStatus.FAILED, verified, failure, version.id if version else None)


async def _become(job: Job, workspace: Workspace, state: State) -> None:
    now = manifest_of(workspace)
    differing = {path: sha256 for path, sha256 in state.files.items() if now.get(path) != sha256}
    blobs = await job.store.leased_blobs(job.lease, list(set(differing.values())))
    files: dict[str, bytes | None] = dict.fromkeys(now.keys() - state.files.keys())
    files |= {path: blobs[sha256] for path, sha256 in differing.items()}
    await write_step(job, workspace, files, STEP, "restore", "the best state of this run")


def _kept(version: Version, *, last: bool) -> str:
    kept = f"kept as version {version.number}"
    if version.verified:
        return f"What passed the checks is {kept}."
    if last:
        return f"What there is is {kept}, which is not verified."
    return f"The best state it reached is {kept}, which is not verified; what came after it is in the run's steps."
