"""Turning a workspace's verified files into a version."""

import hashlib

from backend.domain import CheckReport, Version
from backend.runs.job import Job
from backend.workspace.contract import Workspace


async def unproven(job: Job, workspace: Workspace) -> bool:
    """Whether nobody knows that the project's files pass the checks: they are those of no version, or of one that failed."""
    project = await job.store.leased_project(job.lease)
    head = await job.store.leased_version(job.lease, project.head_id)
    return manifest_of(workspace) != head.manifest or _failed(head)


def _failed(version: Version) -> bool:
    return version.report is not None and not version.report.passed


def manifest_of(workspace: Workspace) -> dict[str, str]:
    """path → sha256 of every file."""
    return {path: hashlib.sha256(body).hexdigest() for path, body in sorted(workspace.files.items())}


async def commit(job: Job, workspace: Workspace, title: str, report: CheckReport) -> Version | None:
    """The run's version; None when the files are those of the head version, unless that failed the checks which now pass.
    A repeat returns the first.
    """
    project = await job.store.leased_project(job.lease)
    head = await job.store.leased_version(job.lease, project.head_id)
    if head.run_id == job.run.id:
        return head
    contents = {hashlib.sha256(body).hexdigest(): body for body in workspace.files.values()}
    manifest = manifest_of(workspace)
    if manifest == head.manifest and not (report.passed and _failed(head)):
        return None
    stored = set(head.manifest.values()) | set((await job.store.leased_tree(job.lease)).values())
    await job.journal.append(blobs=[body for sha256, body in contents.items() if sha256 not in stored])
    return await job.store.commit_version(job.lease, title, manifest, report)
