"""A run of kind `restore`: the project's files become those of an earlier version, as a new version."""

from backend.domain import FailureCode, NotFound, Version
from backend.runs.check import check_and_commit
from backend.runs.edit import STEP, write_step
from backend.runs.job import Finish, Job, failed
from backend.runs.sandbox import in_sandbox
from backend.workspace.contract import Workspace


async def run_restore(job: Job) -> Finish:
    try:
        version = await job.store.leased_version(job.lease, job.run.restore_id or "")
    except NotFound as e:
        return failed(FailureCode.UNSUPPORTED, e.message, "Choose a version from the list of changes.")

    async def work(workspace: Workspace) -> Finish:
        await become(job, workspace, version, STEP)
        return await check_and_commit(job, workspace, job.run.prompt)

    return await in_sandbox(job, work)


async def become(job: Job, workspace: Workspace, version: Version, step: str) -> None:
    """Make the project's files the version's, as one tool step."""
    if job.journal.done(step):
        return
    blobs = await job.store.leased_blobs(job.lease, list(set(version.manifest.values())))
    files: dict[str, bytes | None] = dict.fromkeys(workspace.files.keys() - version.manifest.keys())
    files |= {path: blobs[sha256] for path, sha256 in version.manifest.items()}
    await write_step(job, workspace, files, step, "restore", name_of(version))


def name_of(version: Version) -> str:
    return f"version {version.number}" if version.number else "the starter"
