"""Tools that run commands in the sandbox."""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from backend.agent.tools.tool import Done, Hands, Refused, Tool, clipped, described
from backend.workspace.contract import CommandResult

MAX_OUTPUT_CHARS = 12_000


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
        return _ran(result)


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


def _ran(result: CommandResult) -> Done:
    seconds = round(result.duration_ms / 1000)
    end = f"Exit code {result.exit_code}."
    if result.timed_out:
        end = f"Stopped after {seconds} seconds, as it had not ended; its processes are gone."
    lines = [end, *(described(w) for w in result.written)]
    if result.output.strip():
        lines.append(clipped(result.output.strip(), MAX_OUTPUT_CHARS))
    return Done(
        "\n".join(lines),
        result.written,
        ok=result.exit_code == 0 and not result.timed_out,
        output=clipped(result.output, MAX_OUTPUT_CHARS),
        exit_code=result.exit_code,
    )
