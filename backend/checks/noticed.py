"""Nothing is judged before the dev server has noticed it."""

from backend.workspace.contract import Workspace

TIMEOUT_S = 15
_SCRIPT = "node /opt/codeflow/noticed.cjs"


async def noticed(workspace: Workspace) -> None:
    """Wait until the dev server knows all that was written: before, it may answer with what was there, and still be writing types of it."""
    await workspace.inspect(_SCRIPT, timeout_s=TIMEOUT_S)
