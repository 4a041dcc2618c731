"""The workspace as the agent and the checks use it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from backend.domain import CheckReport, FileChange

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
OnOutput = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Written:
    """A file change with the content it left (None when deleted), for the store."""

    change: FileChange
    content: bytes | None


@dataclass(frozen=True)
class CommandResult:
    exit_code: int
    output: str
    """stdout and stderr as they came, bounded to 30,000 characters with the middle left out."""
    timed_out: bool
    duration_ms: int
    written: Sequence[Written]
    """Project files the command changed."""
    output_file: str | None = None
    """Where in the sandbox the whole output is, for a command with a key."""


@dataclass(frozen=True)
class Checked:
    """What the gate found, with the blobs the report names (the screenshot)."""

    report: CheckReport
    blobs: Sequence[bytes] = ()


@dataclass(frozen=True)
class Inspected:
    """What a command printed, whole."""

    exit_code: int
    """137 when it was killed at its time-out."""
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Match:
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Fetched:
    status: int
    """HTTP status; 0 when nothing answered within the time-out."""
    body: str


class Workspace(Protocol):
    sandbox_id: str
    preview_url: str

    @property
    def files(self) -> Mapping[str, bytes]:
        """The project's files as last known; always whole."""
        ...

    async def read(self, path: str) -> str: ...
    async def search(self, pattern: str, glob: str = "**/*") -> list[Match]:
        """Lines that match the regular expression, at most 200."""
        ...

    async def write(self, files: Mapping[str, bytes | None]) -> list[Written]:
        """Write (or with None, delete) files, each atomically, so that the dev server never sees half a file.

        All of them or, when a path is refused, none. Unchanged files yield nothing.
        """
        ...

    async def move(self, source: str, target: str) -> list[Written]: ...
    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult: ...
    async def add_packages(
        self, names: Sequence[str], *, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult: ...
    async def fetch(self, path: str, timeout_s: float = 20) -> Fetched:
        """GET a route of the running app, from inside the sandbox."""
        ...

    async def inspect(self, command: str, *, timeout_s: float = 60) -> Inspected:
        """Run a command of our own in the project's folder, one that changes no project file: nobody looks for changes."""
        ...

    async def download(self, path: str) -> bytes | None:
        """A file of the sandbox outside the project, by its absolute path; None when it is not there."""
        ...

    async def dev_log(self) -> list[str]:
        """What the dev server printed since the last call."""
        ...

    async def restart_dev(self) -> None:
        """Start the dev server anew, for one that hangs; returns when it answers, or after 20 s when the project keeps
        it from starting: the checks will say why."""
        ...

    async def close(self) -> None:
        """Let go of the connection; the sandbox lives on until its time-out."""
        ...


@dataclass(frozen=True)
class ListedSandbox:
    """One of this installation's sandboxes, as their service lists it."""

    sandbox_id: str
    project_id: str
    paused: bool
    preview_url: str | None
    """Where its preview is reached; None where only the sandbox itself would tell."""


class Workspaces(Protocol):
    async def open(
        self,
        project_id: str,
        sandbox_id: str | None,
        files: Mapping[str, bytes],
        environment: Mapping[str, str] = NO_VARIABLES,
    ) -> Workspace:
        """Connect to the project's sandbox, waking a paused one, or boot one; see the promises.

        `environment` are all the variables the app has from now on.
        """
        ...

    async def sandboxes(self) -> list[ListedSandbox]:
        """All of this installation's, running and paused. Raises `SandboxUnavailable`."""
        ...

    async def alive(self, sandbox_id: str) -> bool:
        """Whether it is there, running or paused, and made from what sandboxes are now made from. Asking wakes nothing.

        Raises `SandboxUnavailable`.
        """
        ...

    async def keep(self, sandbox_id: str) -> None:
        """Put a running one's time-out off; one that is paused or gone is left so."""
        ...

    async def kill(self, sandbox_id: str) -> None:
        """Running or paused; one that is gone already is fine."""
        ...
