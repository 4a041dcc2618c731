"""Commands in the sandbox: streamed, bounded in time and output, and done once for each key."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from e2b import CommandExitException

from backend.diffs import sha256
from backend.domain import MAX_FILE_BYTES
from backend.telemetry import spanned
from backend.workspace import SandboxLost, WorkspaceError
from backend.workspace.contract import CommandResult, Inspected, OnOutput, Written
from backend.workspace.files import LISTING, OUTSIDE_TOOLS, OVERSIZED, ProjectFiles
from backend.workspace.output import BoundedOutput
from backend.workspace.paths import PROJECT_DIR
from backend.workspace.sandbox import Sandbox, told

EFFECTS_DIR = "/tmp/codeflow/effects"
MAX_COMMAND_CHARS = 30_000
_MAX_PRINTED_KIB = 5_000
_GRACE_S = 30

_KILL_LEFTOVERS = r"""
kill_leftovers() {
  for round in 1 2 3 4 5 6 7 8 9 10; do
    left=$(grep -lsz "^CODEFLOW_EFFECT=$EFFECT$" /proc/[0-9]*/environ | tr -dc '0-9\n')
    [ -n "$left" ] || return 0
    kill -KILL $left 2> /dev/null
  done
}
"""
"""A command's processes carry a variable in their environment, wherever they hid."""

_RUN_ONCE = rf"""
cd "$PROJECT" || exit 1
done_file="$EFFECT/done"; replayed=0
{_KILL_LEFTOVERS}
work() {{
  started=${{EPOCHREALTIME/./}}
  {{
    env -u COMMAND -u KEYED -u LIMIT -u EFFECT -u PROJECT CODEFLOW_EFFECT="$EFFECT" \
      timeout -s KILL "$LIMIT" bash -c "$COMMAND" < /dev/null 2>&1
    echo $? > "$EFFECT/code"
    kill_leftovers
  }} | (ulimit -f {_MAX_PRINTED_KIB}; exec tee "$EFFECT/output")
  ms=$(( (${{EPOCHREALTIME/./}} - started) / 1000 ))
  if [ "$KEYED" = 1 ]; then
    find . {OUTSIDE_TOOLS} -o -type f -size -{MAX_FILE_BYTES + 1}c -print0 \
      | tar -czf "$EFFECT/project.tgz" --null -T - 2> /dev/null
  fi
  echo "$(cat "$EFFECT/code") $ms" > "$EFFECT/done.part" && mv "$EFFECT/done.part" "$done_file"
}}
mkdir -p "${{EFFECT%/*}}"
if mkdir "$EFFECT" 2> /dev/null; then
  echo $$ > "$EFFECT/pid"
  work 2> /dev/null
else
  while [ ! -e "$done_file" ] && kill -0 "$(cat "$EFFECT/pid")" 2> /dev/null; do sleep 0.1; done
  if [ -e "$done_file" ]; then
    replayed=1
    cat "$EFFECT/output"
  else
    kill_leftovers
    rm -rf "$EFFECT"; mkdir "$EFFECT"; echo $$ > "$EFFECT/pid"
    work 2> /dev/null
  fi
fi
{{ echo "$(cat "$done_file") $replayed"; {OVERSIZED}; printf '\0\0'; {LISTING}; }} >&2
[ "$KEYED" = 1 ] || rm -rf "$EFFECT"
exit 0
"""
"""One effect, whoever asks for it and how often. Its stdout is the command's output, its stderr the outcome:
`<exit code> <ms> <replayed>`, then the files too large to keep, two NULs, and the project's listing."""


_INSPECT = rf"""
{_KILL_LEFTOVERS}
env -u COMMAND -u LIMIT -u EFFECT CODEFLOW_EFFECT="$EFFECT" timeout -s KILL "$LIMIT" bash -c "$COMMAND" < /dev/null
code=$?
kill_leftovers
exit $code
"""


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    duration_ms: int
    replayed: bool
    oversized: Sequence[str]
    listing: str


class Commands:
    def __init__(self, sandbox: Sandbox, files: ProjectFiles, project_dir: str = PROJECT_DIR) -> None:
        self._sandbox = sandbox
        self._files = files
        self._dir = project_dir

    @spanned("sandbox command")
    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        """Run it in the project's folder with bash. With a `key` it happens once: the same command under the same key
        on the same files gives back the first result."""
        if len(command) > MAX_COMMAND_CHARS or "\0" in command:
            return refusal(
                f"The command has more than {MAX_COMMAND_CHARS:,} characters. Write a script file and run that."
            )
        output = BoundedOutput()
        effect = f"{EFFECTS_DIR}/{self._identity(key, command) if key else secrets.token_hex(16)}"
        outcome = await self._run_once(command, timeout_s, effect, key is not None, output, on_output)
        timed_out = outcome.exit_code == 137 and outcome.duration_ms >= timeout_s * 1000
        notes = _notes(outcome, timeout_s if timed_out else None, output.bytes_seen)
        for note in notes:
            output.add(note)
            if on_output:
                await on_output(note)
        return CommandResult(
            exit_code=outcome.exit_code,
            output=str(output),
            timed_out=timed_out,
            duration_ms=outcome.duration_ms,
            written=await self._written(outcome, effect),
            output_file=f"{effect}/output" if key else None,
        )

    async def inspect(self, command: str, timeout_s: float) -> Inspected:
        effect = f"{EFFECTS_DIR}/{secrets.token_hex(16)}"
        envs = {"EFFECT": effect, "COMMAND": command, "LIMIT": f"{timeout_s:.3f}"}
        async with self._killed_when_left(effect):
            done = await self._sandbox.shell(_INSPECT, envs=envs, cwd=self._dir, timeout_s=timeout_s + _GRACE_S)
        return Inspected(done.exit_code, done.stdout, done.stderr)

    async def _run_once(
        self,
        command: str,
        timeout_s: float,
        effect: str,
        keyed: bool,
        output: BoundedOutput,
        on_output: OnOutput | None,
    ) -> Outcome:
        async def heard(text: str) -> None:
            output.add(text)
            if on_output:
                await on_output(text)

        envs = {
            "CI": "1",
            "NO_COLOR": "1",
            "COMMAND": command,
            "EFFECT": effect,
            "KEYED": "1" if keyed else "0",
            "LIMIT": f"{timeout_s:.3f}",
            "PROJECT": self._dir,
        }
        await self._sandbox.keep_alive()
        outcome: list[str] = []
        with told():
            handle = await self._sandbox.remote.commands.run(
                _RUN_ONCE,
                background=True,
                envs=envs,
                timeout=timeout_s + _GRACE_S,
                on_stdout=heard,
                on_stderr=outcome.append,
                retain_output=False,
            )
            try:
                async with self._killed_when_left(effect):
                    await handle.wait()
            except CommandExitException as exit:
                raise SandboxLost(f"The sandbox could not run a command (exit status {exit.exit_code}).") from exit
        return _parse_outcome("".join(outcome))

    @contextlib.asynccontextmanager
    async def _killed_when_left(self, effect: str) -> AsyncIterator[None]:
        """When the run is stopped or nobody listens any more, what was started must not go on."""
        try:
            yield
        except CommandExitException:
            raise
        except BaseException:
            await asyncio.shield(self._kill(effect))
            raise

    async def _kill(self, effect: str) -> None:
        with contextlib.suppress(WorkspaceError):
            await self._sandbox.shell(f"{_KILL_LEFTOVERS}\nkill_leftovers", envs={"EFFECT": effect}, timeout_s=10)

    async def _written(self, outcome: Outcome, effect: str) -> Sequence[Written]:
        if not outcome.replayed:
            return await self._files.absorb(outcome.listing)
        archive = f"{effect}/project.tgz"
        kept = await self._sandbox.download([archive])
        return await self._files.restore(kept[archive])

    def _identity(self, key: str, command: str) -> str:
        files = sorted((path, sha256(content)) for path, content in self._files.known.items())
        return sha256(repr((key, command, files)).encode())[:32]


def refusal(message: str) -> CommandResult:
    """A command that was not run; the model reads why."""
    return CommandResult(exit_code=126, output=message, timed_out=False, duration_ms=0, written=())


def _parse_outcome(text: str) -> Outcome:
    head, _, rest = text.partition("\n")
    fields = head.split()
    if len(fields) != 3:
        raise SandboxLost("The sandbox ended while a command ran in it.")
    oversized, _, listing = rest.partition("\0\0")
    code, duration_ms, replayed = map(int, fields)
    return Outcome(code, duration_ms, replayed == 1, [name for name in oversized.split("\0") if name], listing)


def _notes(outcome: Outcome, limit_s: float | None, printed: int) -> list[str]:
    notes = []
    if printed >= _MAX_PRINTED_KIB * 1024:
        notes.append(f"\n[The command printed {_MAX_PRINTED_KIB // 1000} MB; it was stopped.]\n")
    if limit_s is not None:
        notes.append(f"\n[The command did not end within {limit_s:g} s; it and its processes were killed.]\n")
    if outcome.oversized:
        names = ", ".join(name.removeprefix("./") for name in outcome.oversized[:5])
        notes.append(f"\n[Not kept with the project, larger than {MAX_FILE_BYTES:,} bytes: {names}]\n")
    return notes
