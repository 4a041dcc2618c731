"""What is broken is caught, by the levels that can see it, in words that help; what works raises no alarm."""

import json
from collections.abc import Sequence
from io import BytesIO

import pytest
from PIL import Image

from backend.checks import check
from backend.checks.browser import MAX_PAGES
from backend.diffs import sha256
from backend.domain import CheckLevel, CheckProblem
from backend.workspace import SandboxLost
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces
from backend.workspace.starter import starter_files
from tests.checks.apps import BUGS, PAGE, Bug, about, failed_levels, lay_out

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

CLEAN = {
    "app/page.tsx": 'import Link from "next/link"\nimport { Counter } from "@/components/counter"\n'
    + PAGE
    % "return <main><Counter /><Link href='/about#team'>About</Link><Link href='/items/3?tab=a'>Third</Link>"
    "<a href='#top'>Up</a><a href='#more'>More</a><a href='https://example.com/x'>Elsewhere</a><p id='more'>…</p></main>",
    "components/counter.tsx": '"use client"\nimport { useEffect, useState } from "react"\nimport { toast } from "sonner"\n'
    "import { Button } from '@/components/ui/button'\n"
    "import { Dialog, DialogContent, DialogDescription, DialogTitle, DialogTrigger } from '@/components/ui/dialog'\n"
    "import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuTrigger } from '@/components/ui/dropdown-menu'\n"
    "export function Counter() { const [n, set] = useState(0); const [kept, keep] = useState<string[]>([]);\n"
    "useEffect(() => { document.title = `${n}` }, [n]);\n"
    "const save = async () => { await fetch('/api/tasks'); toast('saved') };\n"
    "return <section><Button onClick={() => set(n + 1)}>{n}</Button><button onClick={save}>Save</button>\n"
    "<form onSubmit={(e) => { e.preventDefault(); keep([...kept, String(new FormData(e.currentTarget).get('name'))]) }}>\n"
    "<input name='name' required aria-label='Name' /><button>Add</button></form>{kept.map((k, i) => <p key={i}>{k}</p>)}\n"
    "<Dialog><DialogTrigger>Open</DialogTrigger><DialogContent><DialogTitle>Sure?</DialogTitle><DialogDescription>It is.</DialogDescription>\n"
    "<Button onClick={() => set(0)}>Reset</Button></DialogContent></Dialog>\n"
    "<DropdownMenu><DropdownMenuTrigger>Menu</DropdownMenuTrigger><DropdownMenuContent><DropdownMenuItem onSelect={() => set(9)}>Nine</DropdownMenuItem>\n"
    "</DropdownMenuContent></DropdownMenu><img alt='' width={8} src='data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E' /></section> }\n",
    "app/about/page.tsx": PAGE % "return <p>about</p>",
    "app/api/tasks/route.ts": "export function GET() { return Response.json([]) }\n",
    "app/items/[id]/page.tsx": PAGE % "return <p>item</p>",
}


async def test_a_working_app_raises_no_alarm_and_is_photographed(workspace: E2BWorkspace):
    await lay_out(workspace, CLEAN)
    checked = await check(workspace)
    report = checked.report
    assert report.passed, report.as_text()
    assert report.problems == []
    assert [result.summary for result in report.results] == [
        "No type errors",
        "3 routes served",
        "2 pages opened without errors",
    ]
    assert report.routes == ["/", "/about"]
    desktop, phone = checked.blobs
    assert [size(photo) for photo in checked.blobs] == [(1280, 800), (390, 844)]
    assert (report.screenshot_sha256, report.phone_screenshot_sha256) == (sha256(desktop), sha256(phone))


def size(photo: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(photo)).size


IN_BROWSER = [name for name, bug in BUGS.items() if bug.caught_by == {CheckLevel.BROWSER}]
"""They leave the other levels, and each other, alone: a page each, a handful in one app."""


@pytest.mark.parametrize("names", [IN_BROWSER[at : at + MAX_PAGES] for at in range(0, len(IN_BROWSER), MAX_PAGES)])
async def test_each_bug_only_a_browser_sees_is_caught_on_its_page(workspace: E2BWorkspace, names: list[str]):
    bugs = {f"/bug{n}" if n else "/": BUGS[name] for n, name in enumerate(names)}
    bugs = {route: bug.on(route) for route, bug in bugs.items()}
    await lay_out(workspace, {path: text for bug in bugs.values() for path, text in bug.files.items()})
    report = (await check(workspace)).report
    assert failed_levels(report) == {CheckLevel.BROWSER}, report.as_text()
    for route, bug in bugs.items():
        told(bug, [problem for problem in report.problems if problem.route == route])
    assert {problem.route for problem in report.problems} == bugs.keys(), report.as_text()


def told(bug: Bug, problems: Sequence[CheckProblem]) -> None:
    found = [problem for problem in problems if bug.says in problem.message]
    assert found, problems
    if bug.file:
        assert any(problem.file == bug.file and bug.line in (problem.line, None) for problem in found), problems
    assert bug.reproduce in {problem.reproduce for problem in found}


@pytest.mark.parametrize("name", [name for name in BUGS if name not in IN_BROWSER])
async def test_each_bug_is_caught_by_every_level_that_can_see_it(workspace: E2BWorkspace, name: str):
    bug = BUGS[name]
    await lay_out(workspace, bug.files)
    report = (await check(workspace)).report
    assert not report.passed
    assert failed_levels(report) == bug.caught_by, report.as_text()
    told(bug, report.problems)
    messages = [problem.message for problem in report.problems]
    assert len(messages) == len(set(messages))


async def test_a_page_that_renders_forever_is_found_out_and_the_server_freed(workspace: E2BWorkspace):
    await lay_out(workspace, {"app/stuck/page.tsx": PAGE % "while (true) {}"})
    report = (await check(workspace)).report
    assert {CheckLevel.ROUTES, CheckLevel.BROWSER} <= failed_levels(report)
    [problem] = about(report, "endless loop")
    assert problem.route == "/stuck"
    await workspace.write({"app/stuck/page.tsx": None})
    assert (await workspace.fetch("/", timeout_s=60)).status == 200


async def test_a_repaired_app_passes_again(workspace: E2BWorkspace):
    await lay_out(workspace, BUGS["syntax error"].files)
    assert not (await check(workspace)).report.passed
    await lay_out(workspace, CLEAN)
    report = (await check(workspace)).report
    assert report.passed, report.as_text()


async def test_only_pages_that_may_have_changed_are_pressed_again(workspace: E2BWorkspace):
    button = '"use client"\nexport const %s = () => <button onClick={() => fetch("/api/%s", { method: "POST" })}>%s</button>\n'
    files = {
        "app/api/[name]/route.ts": "const pressed: string[] = ((globalThis as any).pressed ??= [])\n"
        "export const GET = () => Response.json(pressed)\n"
        "export async function POST(_: Request, { params }: { params: Promise<{ name: string }> }) {\n"
        "  pressed.push((await params).name)\n  return new Response(null, { status: 204 })\n}\n",
        "components/one.tsx": button % ("One", "one", "One"),
        "components/two.tsx": button % ("Two", "two", "Two"),
        "app/page.tsx": 'import { One } from "@/components/one"\n' + PAGE % "return <main>First <One /></main>",
        "app/two/page.tsx": 'import { Two } from "@/components/two"\n' + PAGE % "return <main>Second <Two /></main>",
    }
    opened = "2 pages opened without errors"
    await lay_out(workspace, files)
    before: list[str] = []
    for changed, pressed, summary in (
        ({}, {"one", "two"}, opened),
        (
            {"components/two.tsx": button % ("Two", "again", "Two")},
            {"again"},
            f"{opened}; 1 unchanged since its buttons were pressed",
        ),
        ({"app/layout.tsx": starter_files()["app/layout.tsx"].decode() + "\n"}, {"one", "again"}, opened),
    ):
        await workspace.write({path: text.encode() for path, text in changed.items()})
        report = (await check(workspace)).report
        assert report.passed, report.as_text()
        assert report.results[-1].summary == summary
        so_far = json.loads((await workspace.fetch("/api/any")).body)
        assert set(so_far[len(before) :]) == pressed
        before = so_far


async def test_a_level_that_cannot_run_has_failed_and_says_so(workspace: E2BWorkspace):
    await lay_out(workspace, {"tsconfig.json": None})
    report = (await check(workspace)).report
    assert CheckLevel.TYPES in failed_levels(report)
    assert about(report, "no tsconfig.json")


async def test_without_a_sandbox_there_is_no_report(workspaces: E2BWorkspaces):
    workspace = await workspaces.open("lost-check", None, starter_files())
    await workspaces.kill(workspace.sandbox_id)
    with pytest.raises(SandboxLost):
        await check(workspace)
    await workspace.close()
