"""What the compiler prints, read."""

from backend.checks.types import parse


def test_generated_types_that_are_half_written_or_of_deleted_routes_are_not_the_apps_problem() -> None:
    output = (
        ".next/dev/types/validator.ts(120,1): error TS1128: Declaration or statement expected.\n"
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
