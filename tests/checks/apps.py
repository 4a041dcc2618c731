"""Small broken apps, one for each kind of bug the gate must catch, and what its report must say."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain import CheckLevel, CheckProblem, CheckReport
from backend.workspace.e2b import E2BWorkspace
from backend.workspace.starter import starter_files

PAGE = "export default function Page() { %s }\n"
CLIENT = '"use client"\nimport { useEffect, useState } from "react"\n' + PAGE
TYPES, ROUTES, BROWSER = CheckLevel.TYPES, CheckLevel.ROUTES, CheckLevel.BROWSER


@dataclass(frozen=True)
class Bug:
    files: Mapping[str, str | None]
    """Changes to the starter."""
    caught_by: frozenset[CheckLevel]
    """Every level that must fail; the others must pass."""
    says: str
    """Words some problem's message holds."""
    file: str | None = None
    line: int | None = None


BUGS: dict[str, Bug] = {
    "syntax error": Bug(
        {"app/page.tsx": PAGE % "return <h1>Hello</h2>"},
        frozenset({TYPES, ROUTES, BROWSER}),
        "closing tag",
        "app/page.tsx",
        1,
    ),
    "missing local import": Bug(
        {"app/page.tsx": "import { X } from '@/components/nope'\n" + PAGE % "return <X />"},
        frozenset({TYPES, ROUTES, BROWSER}),
        "@/components/nope",
        "app/page.tsx",
        1,
    ),
    "missing npm package": Bug(
        {"app/page.tsx": "import x from 'not-a-package-xyz'\n" + PAGE % "return <h1>{x}</h1>"},
        frozenset({TYPES, ROUTES, BROWSER}),
        "not-a-package-xyz",
        "app/page.tsx",
        1,
    ),
    "hook in a server component": Bug(
        {"app/page.tsx": "import { useState } from 'react'\n" + PAGE % "const [a] = useState(1); return <h1>{a}</h1>"},
        frozenset({ROUTES, BROWSER}),
        '"use client"',
        "app/page.tsx",
        1,
    ),
    "undefined variable at render": Bug(
        {"app/page.tsx": PAGE % "return <h1>{missing.name}</h1>"},
        frozenset({TYPES, ROUTES, BROWSER}),
        "missing",
        "app/page.tsx",
        1,
    ),
    "bad JSON import": Bug(
        {
            "app/data.json": "{ bad json",
            "app/page.tsx": "import d from './data.json'\n" + PAGE % "return <h1>{JSON.stringify(d)}</h1>",
        },
        frozenset({TYPES, ROUTES, BROWSER}),
        "Property assignment expected",
        "app/data.json",
        1,
    ),
    "wrong export name": Bug(
        {
            "lib/thing.ts": "export const right = 1\n",
            "app/page.tsx": "import { wrong } from '@/lib/thing'\n" + PAGE % "return <p>{wrong}</p>",
        },
        frozenset({TYPES, ROUTES, BROWSER}),
        "wrong",
        "app/page.tsx",
        1,
    ),
    "unknown Tailwind class in @apply": Bug(
        {"app/globals.css": '@import "tailwindcss";\n.x { @apply no-such-class-x; }\n'},
        frozenset({ROUTES, BROWSER}),
        "no-such-class-x",
        "app/globals.css",
    ),
    "setState loop in render": Bug(
        {"app/page.tsx": CLIENT % "const [n, set] = useState(0); set(n + 1); return <h1>{n}</h1>"},
        frozenset({ROUTES, BROWSER}),
        "Too many re-renders",
        "app/page.tsx",
        3,
    ),
    "type error only": Bug(
        {"lib/thing.ts": "export const n = 1\nexport const s: string = n\n"},
        frozenset({TYPES}),
        "2 | export const s: string = n",
        "lib/thing.ts",
        2,
    ),
    "another route broken": Bug(
        {"app/about/page.tsx": PAGE % "const a: any = null; return <h1>{a.b}</h1>"},
        frozenset({ROUTES, BROWSER}),
        "Cannot read properties of null",
        "app/about/page.tsx",
        1,
    ),
    "route handler throws": Bug(
        {"app/api/tasks/route.ts": "export function GET() { throw new Error('tasks broke') }\n"},
        frozenset({ROUTES}),
        "tasks broke",
        "app/api/tasks/route.ts",
        1,
    ),
    "no page at the root": Bug(
        {"app/page.tsx": None, "app/about/page.tsx": PAGE % "return <p>x</p>"},
        frozenset({ROUTES, BROWSER}),
        "Add `app/page.tsx`",
    ),
    "hydration mismatch": Bug(
        {"app/page.tsx": CLIENT % "return <h1>{typeof window === 'undefined' ? 'server' : 'client'}</h1>"},
        frozenset({BROWSER}),
        "Hydration failed",
    ),
    "exception in useEffect": Bug(
        {"app/page.tsx": CLIENT % "useEffect(() => { throw new Error('effect broke') }, []); return <h1>x</h1>"},
        frozenset({BROWSER}),
        "effect broke",
        "app/page.tsx",
        3,
    ),
    "exception in onClick": Bug(
        {"app/page.tsx": CLIENT % "return <button onClick={() => { throw new Error('click broke') }}>x</button>"},
        frozenset({BROWSER}),
        "click broke",
        "app/page.tsx",
        3,
    ),
}


async def lay_out(workspace: E2BWorkspace, changes: Mapping[str, str | None]) -> None:
    """Make the project the starter with these changes."""
    files: dict[str, bytes | None] = dict.fromkeys(workspace.files)
    files |= starter_files()
    files |= {path: None if text is None else text.encode() for path, text in changes.items()}
    await workspace.write(files)


def failed_levels(report: CheckReport) -> set[CheckLevel]:
    return {result.level for result in report.results if not result.passed}


def about(report: CheckReport, words: str) -> list[CheckProblem]:
    return [problem for problem in report.problems if words in problem.message]
