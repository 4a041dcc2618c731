"""Level one: the TypeScript compiler over every file of the project."""

import re
from collections.abc import Iterator, Mapping

from backend.checks.level import Found, could_not_run, counted
from backend.checks.noticed import noticed
from backend.domain import CheckLevel, CheckProblem
from backend.workspace.contract import Inspected, Workspace

TIMEOUT_S = 120
MAX_PROBLEMS = 20
_TSC = "node_modules/.bin/tsc --noEmit --pretty false"
_LOCATED = re.compile(r"^(?P<file>[^\s(][^(\n]*?)\((?P<line>\d+),\d+\): error (?P<text>TS\d+: .*)$")
_GLOBAL = re.compile(r"^error (?P<text>TS\d+: .*)$")
_NOT_THE_APPS = re.compile(r"^\.next/.*TS(2307|2809|1\d{3}):", re.MULTILINE)
"""Next.js keeps types of deleted routes until it is next asked for them, and now and then leaves a file of types half written."""
_GENERATED = re.compile(r"^\.next/.*: error TS", re.MULTILINE)
"""What the compiler says of them may only mean that it read them while they were written."""
_TRIES = 3


async def check_types(workspace: Workspace) -> Found:
    if "tsconfig.json" not in workspace.files:
        return could_not_run(
            CheckLevel.TYPES, "Types were not checked", "the project has no tsconfig.json. Restore it."
        )
    done = await _compiled(workspace)
    if done.exit_code == 0:
        return Found(CheckLevel.TYPES, "No type errors")
    problems = list(parse(done.stdout, workspace.files))
    if not problems and _NOT_THE_APPS.search(done.stdout):
        return Found(CheckLevel.TYPES, "No type errors")
    if not problems:
        why = (
            f"the compiler did not end within {TIMEOUT_S} s."
            if done.exit_code == 137
            else f"the compiler ended with exit status {done.exit_code}: {(done.stdout + done.stderr).strip()[-600:]}"
        )
        return could_not_run(CheckLevel.TYPES, "Types were not checked", why)
    return Found(CheckLevel.TYPES, counted(len(problems), "type error"), _bounded(problems))


async def _compiled(workspace: Workspace) -> Inspected:
    await noticed(workspace)
    done = await workspace.inspect(_TSC, timeout_s=TIMEOUT_S)
    for _ in range(_TRIES - 1):
        if not _GENERATED.search(done.stdout):
            break
        before = done.stdout
        await noticed(workspace)
        done = await workspace.inspect(_TSC, timeout_s=TIMEOUT_S)
        if done.stdout == before:
            break
    return done


def parse(output: str, files: Mapping[str, bytes]) -> Iterator[CheckProblem]:
    """tsc's plain output as problems, with the line of source each is about."""
    message: list[str] = []
    place: tuple[str | None, int | None] = (None, None)
    for line in [*output.splitlines(), "error TS0: end"]:
        found = _LOCATED.match(line) or _GLOBAL.match(line)
        if not found:
            if message:
                message.append(line)
            continue
        if message:
            yield _problem("\n".join(message), *place, files)
        fields = found.groupdict()
        stale = _NOT_THE_APPS.match(line)
        message = [] if stale else [fields["text"]]
        place = (fields.get("file"), int(fields["line"]) if "line" in fields else None)


def _problem(message: str, file: str | None, line: int | None, files: Mapping[str, bytes]) -> CheckProblem:
    source = _source_line(files.get(file or ""), line)
    shown = f"{message}\n    {line} | {source}" if source else message
    return CheckProblem(level=CheckLevel.TYPES, message=shown, file=file, line=line)


def _source_line(content: bytes | None, line: int | None) -> str:
    lines = (content or b"").decode(errors="replace").split("\n")
    return lines[line - 1].strip()[:200] if line and line <= len(lines) else ""


def _bounded(problems: list[CheckProblem]) -> list[CheckProblem]:
    if len(problems) <= MAX_PROBLEMS:
        return problems
    more = CheckProblem(level=CheckLevel.TYPES, message=f"… and {len(problems) - MAX_PROBLEMS} more type errors.")
    return [*problems[:MAX_PROBLEMS], more]
