"""What is broken is caught, by the levels that can see it, in words that help; what works raises no alarm."""

import pytest

from backend.checks import check
from backend.diffs import sha256
from backend.domain import CheckLevel
from backend.workspace import SandboxLost
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces
from backend.workspace.starter import starter_files
from tests.checks.apps import BUGS, CLIENT, PAGE, about, failed_levels, lay_out

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

CLEAN = {
    "app/page.tsx": CLIENT % "const [n, set] = useState(0); useEffect(() => { document.title = `${n}` }, [n]); "
    "return <button onClick={() => set(n + 1)}>{n}</button>",
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
    [screenshot] = checked.blobs
    assert screenshot.startswith(b"\xff\xd8")
    assert report.screenshot_sha256 == sha256(screenshot)


@pytest.mark.parametrize("name", BUGS)
async def test_each_bug_is_caught_by_every_level_that_can_see_it(workspace: E2BWorkspace, name: str):
    bug = BUGS[name]
    await lay_out(workspace, bug.files)
    report = (await check(workspace)).report
    assert not report.passed
    assert failed_levels(report) == bug.caught_by, report.as_text()
    found = about(report, bug.says)
    assert found, report.as_text()
    if bug.file:
        assert any(problem.file == bug.file and bug.line in (problem.line, None) for problem in found), report.problems
    told = [problem.message for problem in report.problems]
    assert len(told) == len(set(told))


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
