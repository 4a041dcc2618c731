"""What the compiler prints, read."""

from collections.abc import Mapping
from typing import cast

from backend.checks.types import check_types, parse
from backend.workspace.contract import Inspected, Workspace


def test_generated_types_that_are_half_written_or_of_deleted_routes_are_not_the_apps_problem() -> None:
    output = (
        ".next/dev/types/validator.ts(120,1): error TS1128: Declaration or statement expected.\n"
        ".next/dev/types/validator.ts(84,3): error TS2809: Declaration or statement expected. This '=' follows a block …\n"
        ".next/dev/types/validator.ts(9,1): error TS2307: Cannot find module '../../app/old/page'.\n"
        "app/page.tsx(2,7): error TS2322: Type 'string' is not assignable to type 'number'.\n"
    )
    [problem] = parse(output, {"app/page.tsx": b"let a = 1\nlet b: number = ''\n"})
    assert (problem.file, problem.line) == ("app/page.tsx", 2)
    assert "let b: number = ''" in problem.message


def test_generated_types_that_refuse_a_page_are_the_apps_problem() -> None:
    output = ".next/dev/types/validator.ts(44,5): error TS2344: Type 'typeof import(\"app/page\")' does not satisfy …\n"
    [problem] = parse(output, {})
    assert "TS2344" in problem.message


class Compiling:
    """A workspace whose compiler prints one of these after the other."""

    files: Mapping[str, bytes] = {"tsconfig.json": b"{}"}

    def __init__(self, *outputs: str) -> None:
        self.outputs = list(outputs)

    async def inspect(self, command: str, *, timeout_s: float = 60) -> Inspected:
        output = self.outputs.pop(0) if "tsc" in command else ""
        return Inspected(2 if output else 0, output, "")


async def test_generated_types_read_while_they_were_written_are_read_again() -> None:
    halfway = (
        ".next/dev/types/validator.ts(5,1): error TS2306: File '/home/user/app/.next/dev/types/routes.d.ts' is not a module.\n"
        ".next/dev/types/validator.ts(30,5): error TS2304: Cannot find name 'LayoutProps'.\n"
    )
    assert (await check_types(cast(Workspace, Compiling(halfway, "")))).passed


async def test_generated_types_that_go_on_refusing_a_page_fail_the_level() -> None:
    refused = (
        ".next/dev/types/validator.ts(44,5): error TS2344: Type 'typeof import(\"app/page\")' does not satisfy …\n"
    )
    assert not (await check_types(cast(Workspace, Compiling(refused, refused)))).passed
