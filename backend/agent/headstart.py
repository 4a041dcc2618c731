"""The gate, begun while the model still writes its summary: by then the files are as they will be proven."""

import asyncio
import contextlib

from backend.agent.gate import Gate
from backend.workspace.contract import Checked, Workspace


class HeadStart:
    """A gate that may have begun before it is asked. What it found early counts only if nothing changed since: whoever
    changes something drops it first.
    """

    def __init__(self, gate: Gate, workspace: Workspace) -> None:
        self._gate, self._workspace = gate, workspace
        self._begun: asyncio.Task[Checked] | None = None

    def begin(self) -> None:
        if self._begun is None:
            self._begun = asyncio.create_task(_checked(self._gate, self._workspace))

    async def drop(self) -> None:
        """Forget what was begun; returns when it has ended."""
        begun, self._begun = self._begun, None
        if begun:
            begun.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await begun

    async def __call__(self, workspace: Workspace) -> Checked:
        begun, self._begun = self._begun, None
        return await (begun or self._gate(workspace))


async def _checked(gate: Gate, workspace: Workspace) -> Checked:
    return await gate(workspace)
