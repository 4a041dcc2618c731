"""Workspaces on E2B's SDK: on E2B itself, or on any host that speaks its API."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from e2b import AsyncSandbox as RemoteSandbox
from e2b import (
    GuestUnresponsiveException,
    NotFoundException,
    SandboxException,
    SandboxInfo,
    SandboxLifecycle,
    SandboxQuery,
    SandboxState,
)
from e2b.connection_config import ApiParams
from e2b_code_interpreter import AsyncSandbox

from backend.config import Settings
from backend.telemetry import spanned, tell
from backend.workspace import SandboxLost, SandboxUnavailable
from backend.workspace.commands import Commands, refusal
from backend.workspace.contract import (
    NO_VARIABLES,
    CommandResult,
    Fetched,
    Inspected,
    ListedSandbox,
    Match,
    OnOutput,
    Written,
)
from backend.workspace.devserver import DevServer
from backend.workspace.environment import ENV_FILE, env_file
from backend.workspace.files import ProjectFiles
from backend.workspace.installation import installation
from backend.workspace.layout import PORT
from backend.workspace.packages import NPM_INSTALL, add_command, missing, unusable
from backend.workspace.paths import PROJECT_DIR
from backend.workspace.routes import affected_routes
from backend.workspace.sandbox import Sandbox, put_off, told
from backend.workspace.starter import template_version

PROJECT_KEY = "codeflow-project"
"""Sandbox metadata that names the project it belongs to."""
INSTALLATION_KEY = "codeflow-installation"
VERSION_KEY = "codeflow-template"
"""What it was made from: one that outlived an update of CodeFlow has other scripts in it, and is not opened again."""
LIFECYCLE = SandboxLifecycle(on_timeout="pause", auto_resume=True)
"""Nobody pays for a sandbox that nobody uses, and whoever opens its preview has it awake again."""
STATES = [SandboxState.RUNNING, SandboxState.PAUSED]
MOST_PAGES = 100
"""Of the list of sandboxes, 100 on each."""
INSTALL_S = 300
ANSWER_S = 10
"""How long a dev server that has run before may take to answer with a project's files."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SandboxService:
    """Where sandboxes come from."""

    api_key: str
    template: str
    timeout_s: int
    """A sandbox nobody uses for so long is paused."""
    api_url: str | None = None
    """The address of an E2B-compatible host; missing: E2B."""
    domain: str | None = None
    preview_scheme: Literal["http", "https"] = "https"
    installation: str = ""
    """Whose sandboxes are ours, where others' are too."""

    @classmethod
    def for_settings(cls, settings: Settings) -> "SandboxService":
        """E2B, or the host of that kind at E2B_API_URL. Raises `SandboxUnavailable` without E2B_API_KEY."""
        if not settings.e2b_api_key:
            raise SandboxUnavailable("E2B_API_KEY is missing. Set it to a key of E2B's dashboard.")
        api_url = settings.e2b_api_url
        return cls(
            api_key=settings.e2b_api_key.get_secret_value(),
            template=settings.e2b_template,
            timeout_s=settings.sandbox_timeout_s,
            api_url=api_url,
            domain=settings.e2b_domain,
            preview_scheme="http" if api_url and api_url.startswith("http:") else "https",
            installation=installation(settings),
        )

    @property
    def params(self) -> ApiParams:
        params = ApiParams(api_key=self.api_key, debug=False)
        if self.domain:
            params["domain"] = self.domain
        if self.api_url:
            params["api_url"] = params["sandbox_url"] = self.api_url
        return params

    @property
    def mark(self) -> dict[str, str]:
        """Metadata that all our sandboxes have."""
        return {INSTALLATION_KEY: self.installation}

    def preview_url(self, sandbox_id: str) -> str | None:
        """Of a host on this machine, which may come back at another port; None: the sandbox's domain is its own to tell."""
        here = self.domain and self.domain.partition(":")[0] == "localhost"
        return f"{self.preview_scheme}://{PORT}-{sandbox_id}.{self.domain}" if here else None


class E2BWorkspace:
    """One open project. `Workspace` says what each method does."""

    def __init__(self, sandbox: Sandbox, service: SandboxService) -> None:
        self.sandbox_id: str = sandbox.id
        self.preview_url: str = f"{service.preview_scheme}://{sandbox.host(PORT)}"
        # Not every resolver knows *.localhost, so a host of ours is reached by its own address.
        self.dev_server = DevServer(sandbox, service.api_url or self.preview_url, PROJECT_DIR)
        self._sandbox = sandbox
        self._files = ProjectFiles(sandbox)
        self._commands = Commands(sandbox, self._files)
        self._notices: list[str] = []

    @property
    def files(self) -> Mapping[str, bytes]:
        return self._files.known

    async def mirror(self, files: Mapping[str, bytes], environment: Mapping[str, str] = NO_VARIABLES) -> None:
        """Hold exactly these files, with the packages they need and the app's variables, served.

        A project whose own files keep the dev server from starting stays open, so that they can be repaired.
        """
        self._files.beside = {ENV_FILE: env_file(environment)} if environment else {}
        changed = await self._files.mirror(files)
        await self._install_missing()
        # Next.js notices another configuration by itself, but goes on answering by the old one until then.
        as_it_was = not any(path.startswith(("next.config.", ENV_FILE)) for path in changed)
        up = as_it_was and await self.dev_server.answers(ANSWER_S)
        if not up and not await self.dev_server.restart(ANSWER_S):
            self._notices += [
                "The dev server does not start with the project's files:",
                *await self.dev_server.log_tail(),
            ]
        await self.dev_server.skip_log()
        self.dev_server.compile_ahead(["/"])

    async def read(self, path: str) -> str:
        return self._files.text(path)

    async def search(self, pattern: str, glob: str = "**/*") -> list[Match]:
        return await self._files.search(pattern, glob)

    async def write(self, files: Mapping[str, bytes | None]) -> list[Written]:
        return self._compiled_ahead(await self._files.write(files))

    async def move(self, source: str, target: str) -> list[Written]:
        return self._compiled_ahead(await self._files.move(source, target))

    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        return await self._commands.run(command, timeout_s=timeout_s, key=key, on_output=on_output)

    async def add_packages(
        self, names: Sequence[str], *, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        if reason := unusable(names):
            return refusal(reason)
        return await self.run(add_command(names), timeout_s=INSTALL_S, key=key, on_output=on_output)

    @spanned("sandbox fetch")
    async def fetch(self, path: str, timeout_s: float = 20) -> Fetched:
        return await self.dev_server.fetch(path, timeout_s)

    async def dev_log(self) -> list[str]:
        notices, self._notices = self._notices, []
        return notices + await self.dev_server.new_log_lines()

    async def restart_dev(self) -> None:
        await self.dev_server.restart()

    async def inspect(self, command: str, *, timeout_s: float = 60) -> Inspected:
        return await self._commands.inspect(command, timeout_s)

    async def download(self, path: str) -> bytes | None:
        return (await self._sandbox.download([path])).get(path)

    async def close(self) -> None:
        await self.dev_server.close()

    def _compiled_ahead(self, written: list[Written]) -> list[Written]:
        present = [w.change.path for w in written if w.content is not None]
        self.dev_server.compile_ahead(affected_routes(present, self.files))
        return written

    async def _install_missing(self) -> None:
        names = await missing(self._sandbox, self.files)
        if not names:
            return
        log.info("sandbox %s: installing %s", self.sandbox_id, ", ".join(names))
        done = await self._commands.run(NPM_INSTALL, timeout_s=INSTALL_S)
        if done.exit_code != 0:
            # The project stays open: its agent can repair a package.json that names what does not exist.
            self._notices += [f"npm install failed for {', '.join(names)}:", *done.output.splitlines()[-20:]]


class E2BWorkspaces:
    """One sandbox for each project: found again by its id or its metadata, else created from the template."""

    def __init__(self, service: SandboxService | Callable[[], SandboxService]) -> None:
        """A function is asked each time: a host that was started again has another key."""
        self._asked = service if callable(service) else lambda: service

    @property
    def _service(self) -> SandboxService:
        return self._asked()

    @spanned("sandbox open")
    async def open(
        self,
        project_id: str,
        sandbox_id: str | None,
        files: Mapping[str, bytes],
        environment: Mapping[str, str] = NO_VARIABLES,
    ) -> E2BWorkspace:
        """Raises `SandboxUnavailable` when no working sandbox can be had."""
        found = await self._found(project_id, sandbox_id)
        if found:
            with contextlib.suppress(SandboxLost, SandboxUnavailable):
                return await self._mirrored(self._workspace(found), files, environment)
            await self.kill(found.sandbox_id)
        try:
            created = self._workspace(await self._created(project_id))
            await created.dev_server.wait_ready()
            return await self._mirrored(created, files, environment)
        except SandboxLost as error:
            raise SandboxUnavailable(f"A new sandbox was lost while it was prepared: {error.message}") from error

    async def sandboxes(self) -> list[ListedSandbox]:
        service = self._service
        return [
            ListedSandbox(
                sandbox_id=info.sandbox_id,
                project_id=info.metadata[PROJECT_KEY],
                paused=info.state is SandboxState.PAUSED,
                preview_url=service.preview_url(info.sandbox_id),
            )
            for info in await self._listed(service, {})
            if PROJECT_KEY in info.metadata
        ]

    async def alive(self, sandbox_id: str) -> bool:
        try:
            with told():
                info = await AsyncSandbox.get_info(sandbox_id, **self._service.params)
        except SandboxLost as error:
            if isinstance(error.__cause__, NotFoundException):
                return False
            raise SandboxUnavailable(error.message) from error
        return info.metadata.get(VERSION_KEY) == template_version()

    async def keep(self, sandbox_id: str) -> None:
        service = self._service
        with put_off():
            await AsyncSandbox.set_timeout(sandbox_id, service.timeout_s, **service.params)

    @spanned("sandbox kill")
    async def kill(self, sandbox_id: str) -> None:
        """Killing one that is gone already is fine."""
        with told(), contextlib.suppress(NotFoundException):
            await AsyncSandbox.kill(sandbox_id, **self._service.params)

    def _workspace(self, remote: RemoteSandbox) -> E2BWorkspace:
        return E2BWorkspace(Sandbox(remote, self._service.timeout_s), self._service)

    async def _mirrored(
        self, workspace: E2BWorkspace, files: Mapping[str, bytes], environment: Mapping[str, str]
    ) -> E2BWorkspace:
        tell({"codeflow.sandbox.id": workspace.sandbox_id})
        try:
            await workspace.mirror(files, environment)
        except BaseException:
            await workspace.close()
            raise
        return workspace

    async def _found(self, project_id: str, sandbox_id: str | None) -> RemoteSandbox | None:
        if sandbox_id and (remote := await self._connected(sandbox_id)):
            return remote
        for info in await self._listed(self._service, {PROJECT_KEY: project_id, VERSION_KEY: template_version()}):
            if remote := await self._connected(info.sandbox_id):
                return remote
        return None

    @spanned("sandbox connect")
    async def _connected(self, sandbox_id: str) -> RemoteSandbox | None:
        """Awake, whatever state it was in; None when it is gone."""
        service = self._service
        with contextlib.suppress(SandboxLost), told():
            try:
                return await AsyncSandbox.connect(sandbox_id, timeout=service.timeout_s, **service.params)
            except GuestUnresponsiveException:
                # It was paused while it did not answer, and would not now: its disk is whole.
                return await AsyncSandbox.connect(
                    sandbox_id, timeout=service.timeout_s, on_resume="reboot", **service.params
                )
        return None

    async def _listed(self, service: SandboxService, metadata: Mapping[str, str]) -> list[SandboxInfo]:
        query = SandboxQuery(metadata={**service.mark, **metadata}, state=STATES)
        found: list[SandboxInfo] = []
        with _asked_of(service):
            pages = AsyncSandbox.list(query=query, **service.params)
            for _ in range(MOST_PAGES):
                found += await pages.next_items()
                if not pages.has_next:
                    break
        return found

    @spanned("sandbox create")
    async def _created(self, project_id: str) -> RemoteSandbox:
        service = self._service
        with _asked_of(service):
            return await AsyncSandbox.create(
                service.template,
                timeout=service.timeout_s,
                metadata={**service.mark, PROJECT_KEY: project_id, VERSION_KEY: template_version()},
                lifecycle=LIFECYCLE,
                **service.params,
            )


@contextlib.contextmanager
def _asked_of(service: SandboxService) -> Iterator[None]:
    """Errors of a call that no particular sandbox is part of: all are the operator's."""
    where = service.api_url or "E2B"
    try:
        with told():
            yield
    except SandboxLost as error:
        raise SandboxUnavailable(
            f"The sandbox service at {where} does not answer ({error.__cause__}). "
            "Is it running, and reachable from here?"
        ) from error
    except SandboxUnavailable as error:
        cause = error.__cause__
        if isinstance(cause, SandboxException) and (cause.status_code == 404 or "not found" in str(cause)):
            raise SandboxUnavailable(
                f"The sandbox template {service.template!r} is not at {where}: {cause}. "
                "Build it, or set CODEFLOW_E2B_TEMPLATE."
            ) from error
        raise
