"""The gate decides what is done; `backend.checks` provides it."""

from typing import Protocol

from backend.workspace.contract import Checked, Workspace


class Gate(Protocol):
    async def __call__(self, workspace: Workspace) -> Checked:
        """Check the running app at every level. Raises `SandboxLost` when there is no sandbox to check it in."""
        ...
