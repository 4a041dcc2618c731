"""Sandboxes that are folders: like real ones they outlive the worker, remember effects by key, and can be lost."""

import asyncio
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backend.diffs import file_change
from backend.domain import CheckLevel, CheckProblem, CheckReport, CheckResult
from backend.workspace import FileMissing, SandboxLost
from backend.workspace.contract import (
    NO_VARIABLES,
    Checked,
    CommandResult,
    Fetched,
    Inspected,
    ListedSandbox,
    Match,
    OnOutput,
    Workspace,
    Written,
)
from backend.workspace.paths import project_path

DOMAIN = "localhost:3900"


class DiskWorkspace:
    def __init__(self, root: Path, files: Mapping[str, bytes]) -> None:
        self.sandbox_id = root.name
        self.preview_url = f"http://3000-{root.name}.{DOMAIN}"
        self.files: Mapping[str, bytes] = dict(files)
        self.log: list[str] = []
        self.environment: Mapping[str, str] = {}
        self._root = root
        self._app = root / "app"

    async def mirror(self) -> None:
        shutil.rmtree(self._app, ignore_errors=True)
        for path, body in self.files.items():
            (self._app / path).parent.mkdir(parents=True, exist_ok=True)
            (self._app / path).write_bytes(body)

    async def read(self, path: str) -> str:
        self._there()
        if path not in self.files:
            raise FileMissing(f"There is no file {path}.")
        return self.files[path].decode()

    async def search(self, pattern: str, glob: str = "**/*") -> list[Match]:
        raise NotImplementedError

    async def write(self, files: Mapping[str, bytes | None]) -> list[Written]:
        self._there()
        await asyncio.sleep(0)
        written = []
        for path, content in files.items():
            project_path(path)
            change = file_change(path, self.files.get(path), content)
            if change is None:
                continue
            if content is None:
                (self._app / path).unlink()
                self.files = {p: b for p, b in self.files.items() if p != path}
            else:
                (self._app / path).parent.mkdir(parents=True, exist_ok=True)
                (self._app / path).write_bytes(content)
                self.files = {**self.files, path: content}
            written.append(Written(change, content))
        return written

    async def move(self, source: str, target: str) -> list[Written]:
        return await self.write({source: None, target: self.files[source]})

    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        self._there()
        remembered = self._root / f"{hashlib.sha256((key or '').encode()).hexdigest()[:16]}.json"
        if key and remembered.exists():
            return CommandResult(**json.loads(remembered.read_text()), written=[])
        with (self._root / "executed.log").open("a") as executed:
            executed.write(f"{command}\n")
        result = {"exit_code": 0, "output": f"ran {command}", "timed_out": False, "duration_ms": 1}
        if key:
            remembered.write_text(json.dumps(result))
        return CommandResult(**result, written=[])

    async def add_packages(
        self, names: Sequence[str], *, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        return await self.run(f"npm install {' '.join(names)}", key=key, on_output=on_output)

    async def fetch(self, path: str, timeout_s: float = 20) -> Fetched:
        self._there()
        return Fetched(200, "<html></html>")

    async def inspect(self, command: str, *, timeout_s: float = 60) -> Inspected:
        raise NotImplementedError

    async def download(self, path: str) -> bytes | None:
        raise NotImplementedError

    async def dev_log(self) -> list[str]:
        self._there()
        lines, self.log = self.log, []
        return lines

    async def restart_dev(self) -> None:
        self._there()

    async def close(self) -> None:
        pass

    def _there(self) -> None:
        if not self._app.exists():
            raise SandboxLost("The sandbox is gone.")


class DiskWorkspaces:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened: list[DiskWorkspace] = []
        self.before_open: Callable[[], None] = lambda: None
        self.domain = DOMAIN
        self.kept: list[str] = []
        """Whose time-outs were put off, in order."""

    async def open(
        self,
        project_id: str,
        sandbox_id: str | None,
        files: Mapping[str, bytes],
        environment: Mapping[str, str] = NO_VARIABLES,
    ) -> DiskWorkspace:
        self.before_open()
        await asyncio.sleep(0)
        known = sandbox_id if sandbox_id and await self.alive(sandbox_id) else None
        home = self.root / (known or f"sb{uuid.uuid4().hex[:12]}")
        workspace = DiskWorkspace(home, files)
        workspace.environment = dict(environment)
        home.mkdir(parents=True, exist_ok=True)
        (home / "project").write_text(project_id)
        (home / "paused").unlink(missing_ok=True)
        await workspace.mirror()
        self.opened.append(workspace)
        return workspace

    async def sandboxes(self) -> list[ListedSandbox]:
        return [
            ListedSandbox(
                sandbox_id=named.parent.name,
                project_id=named.read_text(),
                paused=(named.parent / "paused").exists(),
                preview_url=f"http://3000-{named.parent.name}.{self.domain}",
            )
            for named in self.root.glob("*/project")
        ]

    async def alive(self, sandbox_id: str) -> bool:
        return (self.root / sandbox_id).exists()

    async def keep(self, sandbox_id: str) -> None:
        self.kept.append(sandbox_id)

    def pause(self, sandbox_id: str) -> None:
        """As a time-out does."""
        (self.root / sandbox_id / "paused").touch()

    async def kill(self, sandbox_id: str) -> None:
        shutil.rmtree(self.root / sandbox_id, ignore_errors=True)

    def executed(self) -> list[str]:
        """Every command that was really carried out, in any sandbox."""
        return [line for log in self.root.glob("*/executed.log") for line in log.read_text().splitlines()]


async def gate(workspace: Workspace) -> Checked:
    """Passes unless a file says `BROKEN`."""
    await asyncio.sleep(0)
    broken = [path for path, body in workspace.files.items() if b"BROKEN" in body]
    result = CheckResult(level=CheckLevel.TYPES, passed=not broken, summary="types agree", duration_ms=1)
    problems = [CheckProblem(level=CheckLevel.TYPES, message=f"{path} is broken", file=path) for path in broken]
    picture = b"\xff\xd8\xff\xe0 picture"
    report = CheckReport(
        passed=not broken,
        results=[result],
        problems=problems,
        routes=["/"],
        screenshot_sha256=hashlib.sha256(picture).hexdigest(),
    )
    return Checked(report, [picture])
