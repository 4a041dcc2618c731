"""One sandbox through the E2B SDK, with its errors told in our words."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from e2b import (
    AsyncSandbox,
    AuthenticationException,
    CommandExitException,
    FileNotFoundException,
    NotEnoughSpaceException,
    NotFoundException,
    RateLimitException,
    SandboxException,
    SandboxNotFoundException,
    SandboxNotRunningException,
    SandboxUnreachableException,
    TimeoutException,
)
from e2b.exceptions import ServiceBusyException
from e2b.sandbox.filesystem.filesystem import WriteEntry

from backend.telemetry import spanned
from backend.workspace import FileMissing, SandboxLost, SandboxUnavailable, WorkspaceError

_GONE = (SandboxNotFoundException, SandboxNotRunningException)
_CONFLICT = 409
_KEEP_ALIVE_EVERY_S = 60
_READERS = 16


@contextmanager
def told() -> Iterator[None]:
    """Turn the SDK's exceptions into `SandboxLost`, `SandboxUnavailable` or `FileMissing`."""
    try:
        yield
    except _GONE as error:
        raise SandboxLost(
            "The sandbox is gone: it expired or was stopped. Its files are safe; a new one is needed."
        ) from error
    except FileNotFoundException as error:
        raise FileMissing(str(error)) from error
    except AuthenticationException as error:
        raise SandboxUnavailable(
            f"The sandbox service refused the key ({error}). Check E2B_API_KEY, or unset it to use the embedded host."
        ) from error
    except (RateLimitException, ServiceBusyException) as error:
        raise SandboxUnavailable(
            f"The sandbox service has no room right now ({error}). Try again in a minute."
        ) from error
    except NotEnoughSpaceException as error:
        raise SandboxUnavailable(
            f"The sandbox's disk is full ({error}). Remove files, or open the project anew."
        ) from error
    except (SandboxUnreachableException, TimeoutException, httpx.TransportError, OSError) as error:
        raise SandboxLost(f"The sandbox does not answer ({error}). Its files are safe; a new one is needed.") from error
    except SandboxException as error:
        raise SandboxUnavailable(f"The sandbox service failed: {error}") from error


@contextmanager
def put_off() -> Iterator[None]:
    """`told`, for changing a time-out: of a sandbox that is paused or gone there is none, and using it tells which."""
    try:
        with told():
            yield
    except WorkspaceError as error:
        cause = error.__cause__
        paused = isinstance(cause, SandboxException) and cause.status_code == _CONFLICT
        if not paused and not isinstance(cause, NotFoundException):
            raise


@dataclass(frozen=True)
class Shell:
    """What a script in the sandbox gave back."""

    exit_code: int
    stdout: str
    stderr: str


class Sandbox:
    """A thin hold on `AsyncSandbox`: scripts, uploads, downloads, time-out. Every method may raise `SandboxLost`."""

    def __init__(self, remote: AsyncSandbox, timeout_s: int) -> None:
        self.remote = remote
        self.id: str = remote.sandbox_id
        self._timeout_s = timeout_s
        self._extended_at = time.monotonic()

    def host(self, port: int) -> str:
        """The name the port is reached by from outside, without a scheme: `3000-<id>.<domain>`."""
        return self.remote.get_host(port)

    async def keep_alive(self) -> None:
        """Put the sandbox's end off, at most once a minute."""
        if time.monotonic() - self._extended_at < _KEEP_ALIVE_EVERY_S:
            return
        self._extended_at = time.monotonic()
        with put_off():
            await self.remote.set_timeout(self._timeout_s)

    @spanned("sandbox shell")
    async def shell(
        self, script: str, *, envs: Mapping[str, str] | None = None, cwd: str = "/", timeout_s: float = 60
    ) -> Shell:
        """Run a script of ours to its end; its exit code is data."""
        await self.keep_alive()
        with told():
            try:
                done = await self.remote.commands.run(script, envs=dict(envs or {}), cwd=cwd, timeout=timeout_s)
            except CommandExitException as exit:
                return Shell(exit.exit_code, exit.stdout, exit.stderr)
        return Shell(done.exit_code, done.stdout, done.stderr)

    @spanned("sandbox upload")
    async def upload(self, files: Mapping[str, bytes]) -> None:
        """Write absolute paths in one request. Not atomic."""
        await self.keep_alive()
        entries = [WriteEntry(path=path, data=content) for path, content in files.items()]
        with told():
            await self.remote.files.write_files(entries, use_octet_stream=False)

    @spanned("sandbox rename")
    async def rename(self, names: Mapping[str, str]) -> None:
        """Give files other names, absolute paths both; what had such a name before is replaced at once."""
        await self.keep_alive()
        with told():
            await asyncio.gather(*(self.remote.files.rename(old, new) for old, new in names.items()))

    @spanned("sandbox download")
    async def download(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Contents by absolute path, read side by side; files that are gone meanwhile are left out."""
        await self.keep_alive()
        turn = asyncio.Semaphore(_READERS)

        async def read(path: str) -> bytes | None:
            async with turn:
                try:
                    with told():
                        return bytes(await self.remote.files.read(path, format="bytes"))
                except FileMissing:
                    return None

        contents = await asyncio.gather(*(read(path) for path in paths))
        return {path: content for path, content in zip(paths, contents, strict=True) if content is not None}
