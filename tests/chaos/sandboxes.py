"""Sandboxes that outlive their workers, and keep a record of their own of every command that took effect."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.workspace import SandboxLost, SandboxUnavailable
from backend.workspace.contract import NO_VARIABLES, CommandResult, OnOutput
from tests.runs.disk import DiskWorkspace, DiskWorkspaces

COMMAND_S = 0.03


@dataclass(frozen=True)
class Effect:
    sandbox: str
    key: str | None
    command: str


class Sandbox(DiskWorkspace):
    """As a real one does, it knows a command by its key, its words and nothing else, and is found whole by whoever comes next."""

    def __init__(self, root: Path, files: Mapping[str, bytes]) -> None:
        super().__init__(root, files)
        self._effects = root / "effects"

    async def mirror(self) -> None:
        for path in [
            p for p in self._app.rglob("*") if p.is_file() and str(p.relative_to(self._app)) not in self.files
        ]:
            path.unlink(missing_ok=True)
        for path, body in self.files.items():
            (self._app / path).parent.mkdir(parents=True, exist_ok=True)
            (self._app / path).write_bytes(body)

    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        self._there()
        name = hashlib.sha256(repr((key, command)).encode()).hexdigest() if key else uuid.uuid4().hex
        known = self._effects / f"{name}.json"
        if not known.exists():
            await asyncio.sleep(COMMAND_S)
            self._there()
            prepared = self._root / f"{uuid.uuid4().hex}.new"
            prepared.write_text(json.dumps({"key": key, "command": command}))
            # It happens and is remembered in one moment, which no death of a worker can cut in two.
            with contextlib.suppress(FileExistsError):
                os.link(prepared, known)
            prepared.unlink()
        return CommandResult(exit_code=0, output=f"{command}: done", timed_out=False, duration_ms=1, written=[])

    def _there(self) -> None:
        if not self._effects.exists():
            raise SandboxLost("The sandbox is gone.")


class Sandboxes(DiskWorkspaces):
    async def open(
        self,
        project_id: str,
        sandbox_id: str | None,
        files: Mapping[str, bytes],
        environment: Mapping[str, str] = NO_VARIABLES,
    ) -> Sandbox:
        await asyncio.sleep(0.01)
        if self._down.exists():
            raise SandboxUnavailable("The sandbox host does not answer.")
        known = sandbox_id if sandbox_id and await self.alive(sandbox_id) else None
        home = self.root / (known or f"sb{uuid.uuid4().hex[:12]}")
        if not known:
            (home / "app").mkdir(parents=True)
            (home / "effects").mkdir()
        sandbox = Sandbox(home, files)
        try:
            await sandbox.mirror()
        except FileNotFoundError as e:
            raise SandboxLost("The sandbox is gone.") from e
        return sandbox

    async def kill(self, sandbox_id: str) -> None:
        """What it did stays on record."""
        with contextlib.suppress(FileNotFoundError):
            gone = self.root.parent / "gone" / sandbox_id
            gone.parent.mkdir(exist_ok=True)
            (self.root / sandbox_id).rename(gone)
            shutil.rmtree(gone / "app", ignore_errors=True)

    @property
    def _down(self) -> Path:
        return self.root.parent / "down"

    async def kill_host(self) -> None:
        """All sandboxes die with it, and there are no new ones until `start_host`."""
        self._down.touch()
        for sandbox_id in self.living():
            await self.kill(sandbox_id)

    def start_host(self) -> None:
        self._down.unlink()

    def living(self) -> list[str]:
        return sorted(home.name for home in self.root.glob("*"))

    def effects(self) -> list[Effect]:
        """Every command that took effect, in any sandbox there ever was."""
        found: list[Effect] = []
        for home in (*self.root.glob("*"), *(self.root.parent / "gone").glob("*")):
            found += [Effect(home.name, **json.loads(f.read_text())) for f in (home / "effects").glob("*.json")]
        return found
