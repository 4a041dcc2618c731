"""One project's sandbox, through the E2B SDK: its files, commands, dev server and preview.

What a workspace promises:

1. The store is the truth, the sandbox a mirror. `Workspaces.open` returns only when every file given is in the sandbox,
   extras are gone, the packages that `package.json` names are installed, and the dev server answers.
2. Every method that changes files returns what changed, measured against what the workspace last knew, with a unified
   diff.
3. `run` never hangs: it ends at its time-out, says so, and its processes are gone. Output is bounded; head and tail are
   kept.
4. Paths are relative to the project; one that leaves it, or names `node_modules`, `.next`, `.git` or `.env*`, is
   `PathRefused`: it goes to the model. The app's variables stand in `.env.local`, which is none of the project's files.
5. A sandbox that is gone raises `SandboxLost` from any method: the caller opens a new one and goes on. One that nobody
   uses pauses after a while: it is not gone, and wakes when it is opened or its preview is.
6. Effects with a `key`, unique in the project, are remembered in the sandbox: repeated after a crash, they return the
   first result and leave the project as the first left it.
"""

from backend.domain import CodeFlowError


class WorkspaceError(CodeFlowError):
    """Base of the errors below."""


class PathRefused(WorkspaceError):
    """The path is outside the project or not to be touched; the model acts."""


class FileMissing(WorkspaceError):
    """No such file; the model acts."""


class SandboxLost(WorkspaceError):
    """The sandbox is gone; the run opens a new one."""


class SandboxUnavailable(WorkspaceError):
    """No sandbox can be had (no host, no key, no room); the operator acts."""
