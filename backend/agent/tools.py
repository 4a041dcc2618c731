"""The tools: what the model may do, each a pydantic model of its arguments with the deed as a method.

A tool's class docstring and fields are what the model is told. What the model can repair (a wrong path, a text that
is not there) is a `Refused` with words for it; what it cannot (a lost sandbox) passes through.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_ai import ToolDefinition

from backend.agent.edits import EditFailed, replace_once
from backend.agent.elisions import elisions
from backend.domain import MAX_FILE_BYTES, CheckReport, FileStatus
from backend.workspace.contract import CommandResult, OnOutput, Workspace, Written

MAX_READ_CHARS = 60_000
MAX_LISTED = 500
MAX_SEARCH_CHARS = 12_000
MAX_OUTPUT_CHARS = 12_000


Prove = Callable[[], Awaitable[CheckReport]]


class Refused(Exception):
    """The call was not carried out; the message tells the model how to call better."""


@dataclass(frozen=True)
class Hands:
    """What a tool works with during one call."""

    workspace: Workspace
    key: str
    """The step's key: effects outside the project's files are remembered under it."""
    say: OnOutput
    prove: Prove


@dataclass(frozen=True)
class Done:
    """A call's result. `text` is for the model; `output` is a command's output for a person."""

    text: str
    written: Sequence[Written] = ()
    ok: bool = True
    output: str = ""
    exit_code: int | None = None


class Tool(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: ClassVar[str]

    @property
    def about(self) -> str:
        """What the call acts on, for a person."""
        return ""

    async def run(self, hands: Hands) -> Done:
        raise NotImplementedError

    @classmethod
    def definition(cls) -> ToolDefinition:
        schema = cls.model_json_schema()
        for part in (schema, *schema.get("properties", {}).values()):
            part.pop("title", None)
        schema.pop("description", None)
        return ToolDefinition(name=cls.name, description=_unwrapped(cls.__doc__ or ""), parameters_json_schema=schema)


def _relative(path: str) -> str:
    return path.strip().removeprefix("/home/user/app/").removeprefix("./")


Path = Annotated[
    str,
    AfterValidator(_relative),
    Field(min_length=1, description="Relative to the project's root, such as `components/board.tsx`."),
]


class ListFiles(Tool):
    """List the project's files below a folder, with their sizes. The folder of ready-made ui components is summed
    up unless asked for.
    """

    name = "list_files"
    path: Annotated[str, Field(description="A folder; empty for the whole project.")] = ""

    @property
    def about(self) -> str:
        return self.path or "/"

    async def run(self, hands: Hands) -> Done:
        files = hands.workspace.files
        folder = self.path.strip().removeprefix("./").strip("/")
        below = sorted(p for p in files if not folder or folder == "." or p.startswith(f"{folder}/"))
        if not below:
            raise Refused(f"There is no folder `{self.path}`. Call list_files without a path to see what there is.")
        lines = [f"{p} ({len(files[p])} bytes)" for p in below if folder.startswith("components/ui") or not is_kit(p)]
        kit = len(below) - len(lines)
        if kit:
            lines.append(f"components/ui/ ({kit} ready-made ui components; list that folder to see them)")
        if len(lines) > MAX_LISTED:
            lines = [*lines[:MAX_LISTED], f"… and {len(lines) - MAX_LISTED} more; list a folder below"]
        return Done("\n".join(lines))


class ReadFile(Tool):
    """Read a file. Without a range the whole file comes back as it is; long files come back in part, and say so."""

    name = "read_file"
    path: Path
    start: Annotated[int | None, Field(ge=1, description="First line wanted, counted from 1.")] = None
    end: Annotated[int | None, Field(ge=1, description="Last line wanted.")] = None

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        try:
            text = await hands.workspace.read(self.path)
        except UnicodeDecodeError:
            raise Refused(f"`{self.path}` is not a text file.") from None
        if self.start is None and self.end is None and len(text) <= MAX_READ_CHARS:
            return Done(text or "(the file is empty)")
        lines = text.splitlines()
        first, last = (self.start or 1), min(self.end or len(lines), len(lines))
        if first > last:
            raise Refused(
                f"`{self.path}` has {len(lines)} lines; the range {first} to {self.end or 'the end'} holds none of them."
            )
        piece = "\n".join(lines[first - 1 : last])
        if len(piece) > MAX_READ_CHARS:
            piece = piece[:MAX_READ_CHARS]
            last = first + piece.count("\n")
        return Done(f"[lines {first} to {last} of {len(lines)}]\n{piece}")


class Search(Tool):
    """Find the lines that match a regular expression, in the project's own files."""

    name = "search"
    pattern: Annotated[str, Field(min_length=1, description="A regular expression.")]
    glob: Annotated[str, Field(description="Which files to look in, such as `app/**/*.tsx`.")] = "**/*"

    @property
    def about(self) -> str:
        return self.pattern

    async def run(self, hands: Hands) -> Done:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise Refused(
                f"`{self.pattern}` is not a regular expression ({error}). Escape special characters with a backslash."
            ) from None
        matches = await hands.workspace.search(self.pattern, self.glob)
        if not matches:
            return Done(f"No line matches `{self.pattern}` in `{self.glob}`.")
        return Done(clipped("\n".join(f"{m.path}:{m.line}: {m.text[:300]}" for m in matches), MAX_SEARCH_CHARS))


class WriteFile(Tool):
    """Create a file, or replace a whole one. Give the complete content: nothing is filled in for you."""

    name = "write_file"
    path: Path
    content: str

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        before = hands.workspace.files.get(self.path)
        refuse_elisions(self.content, (before or b"").decode(errors="replace"))
        return await _put(hands, self.path, self.content)


class EditFile(Tool):
    """Replace one piece of a file. `old` must name exactly one place: copy it from the file with enough lines
    around it.
    """

    name = "edit_file"
    path: Path
    old: Annotated[str, Field(description="The text to replace, as it stands in the file.")]
    new: Annotated[str, Field(description="The text to put in its place, complete.")]

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        text = await hands.workspace.read(self.path)
        refuse_elisions(self.new, text)
        try:
            return await _put(hands, self.path, replace_once(text, self.old, self.new))
        except EditFailed as failure:
            raise Refused(f"`{self.path}` was not changed. {failure}") from None


class MoveFile(Tool):
    """Move or rename a file. Imports of it are yours to adapt."""

    name = "move_file"
    source: Path
    target: Path

    @property
    def about(self) -> str:
        return f"{self.source} → {self.target}"

    async def run(self, hands: Hands) -> Done:
        if self.target in hands.workspace.files:
            raise Refused(f"`{self.target}` exists. Delete it first, or choose another name.")
        written = await hands.workspace.move(self.source, self.target)
        return Done(f"Moved {self.source} to {self.target}.", written)


class DeleteFile(Tool):
    """Delete a file."""

    name = "delete_file"
    path: Path

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        if self.path not in hands.workspace.files:
            raise Refused(f"There is no file `{self.path}`, so nothing was deleted.")
        return Done(f"Deleted {self.path}.", await hands.workspace.write({self.path: None}))


class RunCommand(Tool):
    """Run a shell command in the project's root. The dev server runs already, and no network is reachable but the
    package registry.
    """

    name = "run_command"
    command: Annotated[str, Field(min_length=1)]
    timeout_s: Annotated[float, Field(gt=0, le=600, description="Seconds until the command is stopped.")] = 120

    _servers: ClassVar = re.compile(
        r"(?:^|[;&|]\s*)(?:(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:dev|start|build)|(?:npx\s+)?next\s+(?:dev|start|build))\b"
    )

    @property
    def about(self) -> str:
        return self.command

    async def run(self, hands: Hands) -> Done:
        if self._servers.search(self.command.strip()):
            raise Refused(
                "The dev server runs already and reloads by itself. To know whether the app works, call check."
            )
        result = await hands.workspace.run(self.command, timeout_s=self.timeout_s, key=hands.key, on_output=hands.say)
        return _ran(result, self.timeout_s)


class AddPackages(Tool):
    """Add packages from the npm registry to the project. Look at package.json first: most of what an app needs is
    there.
    """

    name = "add_packages"
    names: Annotated[
        list[str], Field(min_length=1, max_length=20, description="Names, with a version if it matters: `zod@4`.")
    ]

    _valid: ClassVar = re.compile(r"^(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*(@[\w.^~<>=*+-]+)?$")

    @property
    def about(self) -> str:
        return " ".join(self.names)

    async def run(self, hands: Hands) -> Done:
        if bad := [name for name in self.names if not self._valid.match(name)]:
            raise Refused(
                f"Not a package of the npm registry: {', '.join(bad)}. Give names such as `date-fns` or `@dnd-kit/core@6`."
            )
        return _ran(await hands.workspace.add_packages(self.names, key=hands.key, on_output=hands.say), None)


class Check(Tool):
    """Check the app as it is now: types, every route, and the page opened and clicked in a browser."""

    name = "check"

    async def run(self, hands: Hands) -> Done:
        return _reported(await hands.prove())


class Finish(Tool):
    """Say that the work is done. The app is checked; if the checks find a problem, it comes back to you and the
    work goes on.
    """

    name = "finish"
    summary: Annotated[
        str, Field(min_length=1, description="For the person: what the app now does, in one to three sentences.")
    ]

    @property
    def about(self) -> str:
        return self.summary

    async def run(self, hands: Hands) -> Done:
        return _reported(await hands.prove())


CATALOGUE: dict[str, type[Tool]] = {
    tool.name: tool
    for tool in (
        ListFiles, ReadFile, Search, WriteFile, EditFile, MoveFile, DeleteFile, RunCommand, AddPackages, Check, Finish
    )
}  # fmt: skip


def is_kit(path: str) -> bool:
    """Whether the file is one of the template's ready-made ui components."""
    return path.startswith("components/ui/")


def refuse_elisions(content: str, known: str) -> None:
    if found := elisions(content, known):
        raise Refused(
            f"Nothing was written: the line `{found[0][:120]}` stands for text you left out, but what you give is written as it is. "
            "Give the complete text, or use edit_file for the piece that changes."
        )


def clipped(text: str, limit: int) -> str:
    """`text`, or its head and tail when it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 5, limit * 3 // 5
    return f"{text[:head]}\n… {len(text) - head - tail} characters left out …\n{text[-tail:]}"


async def _put(hands: Hands, path: str, content: str) -> Done:
    if len(content.encode()) > MAX_FILE_BYTES:
        raise Refused(f"`{path}` would be larger than {MAX_FILE_BYTES} bytes. Split it into smaller files.")
    if "\x00" in content:
        raise Refused(f"`{path}` would hold a NUL byte, which no source file may.")
    written = await hands.workspace.write({path: content.encode()})
    if not written:
        return Done(f"{path} already has exactly this content; nothing changed.")
    return Done("\n".join(_described(w) for w in written), written)


def _described(written: Written) -> str:
    change = written.change
    verb = {FileStatus.ADDED: "Created", FileStatus.MODIFIED: "Changed", FileStatus.DELETED: "Deleted"}[change.status]
    return f"{verb} {PurePosixPath(change.path)} (+{change.added} −{change.removed} lines)."


def _ran(result: CommandResult, timeout_s: float | None) -> Done:
    end = (
        f"Stopped after {timeout_s:g} seconds; its processes are gone."
        if result.timed_out and timeout_s
        else f"Exit code {result.exit_code}."
    )
    lines = [end, *(_described(w) for w in result.written)]
    if result.output.strip():
        lines.append(clipped(result.output.strip(), MAX_OUTPUT_CHARS))
    return Done(
        "\n".join(lines),
        result.written,
        ok=result.exit_code == 0 and not result.timed_out,
        output=clipped(result.output, MAX_OUTPUT_CHARS),
        exit_code=result.exit_code,
    )


def _reported(report: CheckReport) -> Done:
    return Done(report.as_text(), ok=report.passed)


def _unwrapped(docstring: str) -> str:
    return " ".join(docstring.split())
