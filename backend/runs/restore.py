"""A run of kind `restore`: the project's files become those of an earlier version, as a new version."""

from backend.domain import FailureCode, NotFound
from backend.runs.check import check_and_commit
from backend.runs.edit import write_step
from backend.runs.job import Finish, Job, failed
from backend.runs.sandbox import in_sandbox
from backend.workspace.contract import Workspace


async def run_restore(job: Job) -> Finish:
    try:
        version = await job.store.leased_version(job.lease, job.run.restore_id or "")
    except NotFound as e:
        return failed(FailureCode.UNSUPPORTED, e.message, "Choose a version from the list of changes.")
    blobs = await job.store.leased_blobs(job.lease, list(set(version.manifest.values())))

    async def work(workspace: Workspace) -> Finish:
        files: dict[str, bytes | None] = dict.fromkeys(workspace.files.keys() - version.manifest.keys())
        files |= {path: blobs[sha256] for path, sha256 in version.manifest.items()}
        await write_step(job, workspace, files, "restore", f"version {version.number}")
        return await check_and_commit(job, workspace, job.run.prompt)

    return await in_sandbox(job, work)
