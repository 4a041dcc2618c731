"""A journal and a workspace in memory that keep the contracts' promises, and a gate that follows a plan."""

import asyncio
import fnmatch
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from backend.agent.ahead import Ahead
from backend.agent.headstart import HeadStart
from backend.agent.scope import Scope
from backend.diffs import file_change, text_of
from backend.domain import (
    CheckLevel,
    CheckProblem,
    CheckReport,
    CheckResult,
    Run,
    RunKind,
    RunStatus,
)
from backend.events import Delta, Entry, Event, ModelFinished, ProjectTitled, ToolFinished
from backend.workspace import FileMissing, PathRefused
from backend.workspace.contract import Checked, CommandResult, Fetched, Inspected, Match, OnOutput, Workspace, Written

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_run(prompt: str = "a counter", **fields: object) -> Run:
    facts = {"id": "r1", "project_id": "p1", "owner": "u", "kind": RunKind.PROMPT, "status": RunStatus.RUNNING}
    return Run.model_validate({**facts, "prompt": prompt, "created_at": NOW, **fields})


class MemoryJournal:
    """One run's journal. `kill_after` n appends raises, once the n-th is written, as a SIGKILL would end the worker there."""

    def __init__(
        self,
        run: Run,
        past: Sequence[Entry] = (),
        entries: Sequence[Entry] = (),
        title: str = "Named",
        blobs: Mapping[str, bytes] | None = None,
    ) -> None:
        self.run, self.past, self.entries, self.title = run, list(past), list(entries), title
        self.blobs = dict(blobs or {})
        self.deltas: list[tuple[str, Delta]] = []
        self.kill_after: int | None = None
        self._done = {e.event.step for e in self.entries if isinstance(e.event, ModelFinished | ToolFinished)}

    def done(self, step: str) -> bool:
        return step in self._done

    async def append(self, *events: Event, step: str | None = None, blobs: Sequence[bytes] = ()) -> None:
        await asyncio.sleep(0)
        if step in self._done:
            raise AssertionError(f"{step} was done twice")
        if step:
            self._done.add(step)
        self.blobs.update({hashlib.sha256(blob).hexdigest(): blob for blob in blobs})
        for event in events:
            self.entries.append(Entry(seq=len(self.entries) + 1, run_id=self.run.id, at=NOW, event=event))
            if isinstance(event, ProjectTitled):
                self.title = event.title
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after <= 0:
                raise Killed

    async def stream(self, step: str, delta: Delta) -> None:
        self.deltas.append((step, delta))

    async def blob(self, sha256: str) -> bytes:
        return self.blobs[sha256]

    def events(self, kind: type) -> list:
        return [entry.event for entry in self.entries if isinstance(entry.event, kind)]

    def reopened(self) -> "MemoryJournal":
        """As the next worker finds it: through JSON, as a store would hand it over."""
        entries = [Entry.model_validate_json(entry.model_dump_json()) for entry in self.entries]
        return MemoryJournal(self.run, self.past, entries, self.title, self.blobs)

    def tree(self, start: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files as the journal knows them: what the next workspace is opened with."""
        files = dict(start)
        for event in self.events(ToolFinished):
            for change in event.changes:
                if change.sha256 is None:
                    files.pop(change.path, None)
                else:
                    files[change.path] = self.blobs[change.sha256]
        return files


class Killed(BaseException):
    """The worker died here."""


@dataclass
class Effects:
    """What a sandbox did for real; it outlives the worker."""

    commands: list[str] = field(default_factory=list)
    remembered: dict[str, CommandResult] = field(default_factory=dict)


Shell = Callable[[str, "MemoryWorkspace"], Awaitable[tuple[int, str, Mapping[str, bytes | None]]]]


async def silent_shell(command: str, workspace: "MemoryWorkspace") -> tuple[int, str, Mapping[str, bytes | None]]:
    return 0, f"ran {command}\n", {}


class MemoryWorkspace:
    sandbox_id = "sbx"
    preview_url = "http://preview"

    def __init__(self, files: Mapping[str, bytes], effects: Effects | None = None, shell: Shell = silent_shell) -> None:
        self._files = dict(files)
        self.effects = effects or Effects()
        self._shell = shell

    @property
    def files(self) -> Mapping[str, bytes]:
        return dict(self._files)

    async def read(self, path: str) -> str:
        self._require(path)
        if path not in self._files:
            raise FileMissing(f"There is no file `{path}`.")
        text = text_of(self._files[path])
        if text is None:
            raise FileMissing(f"`{path}` is a binary file; it has no text to read.")
        return text

    async def search(self, pattern: str, glob: str = "**/*") -> list[Match]:
        return [
            Match(path, number, line)
            for path, content in self._files.items()
            if fnmatch.fnmatch(path, glob.replace("**/", "*"))
            for number, line in enumerate(content.decode().splitlines(), 1)
            if re.search(pattern, line)
        ][:200]

    async def write(self, files: Mapping[str, bytes | None]) -> list[Written]:
        for path in files:
            self._require(path)
        written = [w for path, content in files.items() if (w := self._changed(path, content))]
        for path, content in files.items():
            if content is None:
                self._files.pop(path, None)
            else:
                self._files[path] = content
        return written

    async def move(self, source: str, target: str) -> list[Written]:
        if source not in self._files:
            raise FileMissing(f"There is no file `{source}`.")
        return await self.write({target: self._files[source], source: None})

    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        if key in self.effects.remembered:
            return self.effects.remembered[key]
        self.effects.commands.append(command)
        exit_code, output, files = await self._shell(command, self)
        if on_output:
            await on_output(output)
        written = await self.write(files)
        result = CommandResult(exit_code, output, False, 1, written, output_file=f"/effects/{key}" if key else None)
        if key:
            self.effects.remembered[key] = result
        return result

    async def add_packages(
        self, names: Sequence[str], *, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        return await self.run(f"npm install {' '.join(names)}", key=key, on_output=on_output)

    async def fetch(self, path: str, timeout_s: float = 20) -> Fetched:
        return Fetched(200, "")

    async def inspect(self, command: str, *, timeout_s: float = 60) -> Inspected:
        exit_code, output, _ = await self._shell(command, self)
        return Inspected(exit_code, output, "")

    async def download(self, path: str) -> bytes | None:
        return None

    async def dev_log(self) -> list[str]:
        return []

    async def restart_dev(self) -> None:
        return None

    async def close(self) -> None:
        return None

    def _require(self, path: str) -> None:
        if (
            path.startswith(("/", "../"))
            or path.split("/")[0] in ("node_modules", ".next", ".git")
            or path.startswith(".env")
        ):
            raise PathRefused(f"`{path}` may not be touched.")

    def _changed(self, path: str, content: bytes | None) -> Written | None:
        change = file_change(path, self._files.get(path), content)
        return Written(change, content) if change else None


def passing() -> CheckReport:
    result = CheckResult(level=CheckLevel.TYPES, passed=True, summary="types hold", duration_ms=1)
    return CheckReport(passed=True, results=[result], problems=[])


def failing(message: str = "Cannot find name 'foo'.", file: str = "app/page.tsx", line: int = 3) -> CheckReport:
    result = CheckResult(level=CheckLevel.TYPES, passed=False, summary="1 type error", duration_ms=1)
    problem = CheckProblem(level=CheckLevel.TYPES, message=message, file=file, line=line)
    return CheckReport(passed=False, results=[result], problems=[problem])


Rule = Callable[[Mapping[str, bytes]], CheckReport]


class RuleGate:
    """A gate whose report follows from the files alone."""

    def __init__(self, rule: Rule = lambda _: passing()) -> None:
        self.rule, self.asked = rule, 0

    async def __call__(self, workspace: Workspace) -> Checked:
        self.asked += 1
        await asyncio.sleep(0)
        return Checked(self.rule(workspace.files), [b"screenshot"])


def ahead_of(workspace: MemoryWorkspace, prompt: str) -> Ahead:
    return Ahead(workspace, Scope(prompt), HeadStart(RuleGate(), workspace), lambda: False)
