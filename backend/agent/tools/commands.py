"""Tools that run commands in the sandbox."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from backend.agent.guards.references import broken_references
from backend.agent.tools.tool import Done, Hands, Refused, Tool, Why, clipped, described
from backend.diffs import sha256
from backend.domain import FileStatus
from backend.workspace import PathRefused
from backend.workspace.contract import CommandResult, Written

MAX_OUTPUT_CHARS = 12_000


class RunCommand(Tool):
    """Run a shell command in the project's root. The dev server runs already, and no network is reachable but the
    package registry. Change files with the tools for files.
    """

    name = "run_command"
    command: Annotated[str, Field(min_length=1)]
    timeout_s: Annotated[float, Field(gt=0, le=600, description="Seconds until the command is stopped.")] = 120
    why: Why = ""

    _servers: ClassVar = re.compile(
        r"(?:^|[;&|]\s*)(?:(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:dev|start|build)|(?:npx\s+)?next\s+(?:dev|start|build))\b"
    )
    _packages: ClassVar = re.compile(
        r"(?:^|[;&|]\s*)(?:npm|pnpm|yarn|bun)\s+(?:install|i|add|ci|remove|rm|uninstall|un|update|up|upgrade)\b"
    )

    @property
    def about(self) -> str:
        return self.command

    async def run(self, hands: Hands) -> Done:
        if self._servers.search(self.command.strip()):
            raise Refused(
                "The dev server runs already and reloads by itself. To know whether the app works, call check."
            )
        if self._packages.search(self.command.strip()):
            raise Refused(
                "Packages are added by add_packages, which keeps package.json and its lock in step. One that is no longer used "
                "does no harm."
            )
        before = hands.workspace.files
        result = await hands.workspace.run(self.command, timeout_s=self.timeout_s, key=hands.key, on_output=hands.say)
        kept, undone = await _without_harm(hands, self.about, before, result.written, self.why)
        broken = broken_references(before, hands.workspace.files, [w.change.path for w in kept])
        done = _ran(replace(result, written=kept), [*undone, *broken])
        told = "\n".join(text for text in (self.why.strip(), done.output) if text)
        return replace(done, ok=done.ok and not undone, output=told)


class AddPackages(Tool):
    """Add packages from the npm registry to the project. Look at package.json first: most of what an app needs is
    there.
    """

    name = "add_packages"
    names: Annotated[
        list[str], Field(min_length=1, max_length=20, description="Names, with a version if it matters: `zod@4`.")
    ]

    @property
    def about(self) -> str:
        return " ".join(self.names)

    async def run(self, hands: Hands) -> Done:
        return _ran(await hands.workspace.add_packages(self.names, key=hands.key, on_output=hands.say))


async def _without_harm(
    hands: Hands, target: str, before: Mapping[str, bytes], written: Sequence[Written], why: str
) -> tuple[list[Written], list[str]]:
    """Put back what a command did to files it may not change, or should have asked about. What it changed for good, and
    what the model is told of the rest.
    """
    protected = {w.change.path: words for w in written if (words := hands.scope.protects(w.change.path))}
    losses = _losses(hands, before, [w for w in written if w.change.path not in protected])
    if hands.scope.may(target, why):
        losses = {}
    undone = protected.keys() | losses.keys()
    if not undone:
        return list(written), []
    try:
        await hands.workspace.write({path: before.get(path) for path in undone})
    except PathRefused:
        # What else the command made stands in the way.
        undone = {w.change.path for w in written}
        await hands.workspace.write({path: before.get(path) for path in undone})
    notes = [f"Put back as it was: {words}" for words in protected.values()]
    if losses:
        notes.append(hands.scope.question(losses, "Otherwise leave the files, which are put back as they were."))
    return [w for w in written if w.change.path not in undone], notes


def _losses(
    hands: Hands, before: Mapping[str, bytes], written: Sequence[Written]
) -> dict[str, tuple[bytes, bytes | None]]:
    moved = {w.change.sha256 for w in written if w.change.status is FileStatus.ADDED}
    return {
        path: (before[path], w.content)
        for w in written
        if (path := w.change.path) in before
        and not (w.content is None and sha256(before[path]) in moved)
        and hands.scope.loses(path, before[path], w.content)
    }


def _ran(result: CommandResult, notes: Sequence[str] = ()) -> Done:
    seconds = round(result.duration_ms / 1000)
    end = f"Exit code {result.exit_code}."
    if result.timed_out:
        end = f"Stopped after {seconds} seconds, as it had not ended; its processes are gone."
    lines = [end, *(described(w) for w in result.written), *notes]
    if result.output.strip():
        lines.append(clipped(result.output.strip(), MAX_OUTPUT_CHARS))
    if len(result.output.strip()) > MAX_OUTPUT_CHARS and result.output_file:
        lines.append(
            f"The whole output is in {result.output_file}: `grep` it, or read a part with `sed -n 'FROM,TOp'`."
        )
    return Done(
        "\n".join(lines),
        result.written,
        ok=result.exit_code == 0 and not result.timed_out,
        output=clipped(result.output, MAX_OUTPUT_CHARS),
        exit_code=result.exit_code,
    )
