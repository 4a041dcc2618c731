"""The variables of a project's app, opened for its sandbox alone."""

from backend.runs.job import Job
from backend.runs.vault import Vault


async def environment(job: Job) -> dict[str, str]:
    """name → value. Raises `Unavailable` when they cannot be opened here."""
    sealed = await job.store.leased_variables(job.lease)
    if not sealed:
        return {}
    vault = Vault.for_settings(job.settings)
    return {name: vault.open(value, job.project.id, name) for name, value in sealed.items()}
