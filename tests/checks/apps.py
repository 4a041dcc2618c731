"""Small broken apps, one for each kind of bug the gate must catch, and what its report must say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
    reproduce: str = ""

    def on(self, route: str) -> "Bug":
        """The same bug on a page of its own beside others, `/x` in place of `/`."""
        page = f"app{route.rstrip('/')}/page.tsx"
        files = {page if path == "app/page.tsx" else path: text for path, text in self.files.items()}
        file = page if self.file == "app/page.tsx" else self.file
        return replace(self, files=files, file=file, reproduce=self.reproduce.replace("open /,", f"open {route},"))


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
    "effect that renders without end": Bug(
        {"app/page.tsx": CLIENT % "const [n, set] = useState(0); useEffect(() => { set(n + 1) }); return <p>{n}</p>"},
        frozenset({BROWSER}),
        "Maximum update depth exceeded",
    ),
    "exception in onClick": Bug(
        {"app/page.tsx": CLIENT % "return <button onClick={() => { throw new Error('click broke') }}>Try</button>"},
        frozenset({BROWSER}),
        "click broke",
        "app/page.tsx",
        3,
        "open /, press “Try”",
    ),
    "exception behind a menu": Bug(
        {
            "app/page.tsx": '"use client"\n'
            "import { DropdownMenu as M, DropdownMenuContent as C, DropdownMenuItem as I, DropdownMenuTrigger as T } from '@/components/ui/dropdown-menu'\n"
            + PAGE
            % "const go = () => { throw new Error('menu broke') }; return <M><T>Menu</T><C><I onSelect={go}>Delete</I></C></M>"
        },
        frozenset({BROWSER}),
        "menu broke",
        "app/page.tsx",
        3,
        "open /, press “Delete”",
    ),
    "unhandled promise rejection": Bug(
        {
            "app/page.tsx": CLIENT
            % "const go = async () => { throw new Error('promise broke') }; return <button onClick={go}>Go</button>"
        },
        frozenset({BROWSER}),
        "promise broke",
        "app/page.tsx",
        3,
        "open /, press “Go”",
    ),
    "rejection without a press": Bug(
        {
            "app/page.tsx": CLIENT
            % "useEffect(() => { Promise.reject(new Error('late broke')) }, []); return <h1>x</h1>"
        },
        frozenset({BROWSER}),
        "late broke",
        "app/page.tsx",
        3,
    ),
    "a handler's answer is an error": Bug(
        {
            "app/api/save/route.ts": "export async function POST() { throw new Error('save broke') }\n",
            "app/page.tsx": CLIENT
            % "return <button onClick={() => fetch('/api/save', { method: 'POST' })}>Save</button>",
        },
        frozenset({BROWSER}),
        "POST /api/save answered 500",
    ),
    "dead link": Bug(
        {"app/page.tsx": "import Link from 'next/link'\n" + PAGE % "return <Link href='/pricing'>Pricing</Link>"},
        frozenset({BROWSER}),
        "The link “Pricing” leads to /pricing, which answered 404",
        "app/page.tsx",
        2,
        "open /, press “Pricing”",
    ),
    "dead anchor": Bug(
        {"app/page.tsx": PAGE % "return <a href='#nowhere'>Features</a>"},
        frozenset({BROWSER}),
        "nothing on the page has that id",
        "app/page.tsx",
        1,
        "open /, press “Features”",
    ),
    "blank page": Bug(
        {"app/page.tsx": PAGE % "return <main className='min-h-screen bg-background'><div /></main>"},
        frozenset({BROWSER}),
        "The page is blank",
    ),
    "missing image": Bug(
        {"app/page.tsx": PAGE % "return <img src='/nope.png' alt='' width={40} height={40} />"},
        frozenset({BROWSER}),
        "/nope.png",
    ),
    "image that is none": Bug(
        {
            "public/logo.png": "not a picture",
            "app/page.tsx": PAGE % "return <img src='/logo.png' alt='' width={40} height={40} />",
        },
        frozenset({BROWSER}),
        "/logo.png cannot be shown",
    ),
    "CSS that does not parse": Bug(
        {"app/globals.css": '@import "tailwindcss";\n.x { color: red;\n'},
        frozenset({ROUTES, BROWSER}),
        "globals.css",
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
