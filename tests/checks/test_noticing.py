"""The gate judges the project as it is now, however late the dev server notices what was written, and blames no app for a server that is blind."""

import asyncio

import pytest

from backend.checks import check
from backend.domain import CheckLevel
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces
from backend.workspace.starter import starter_files
from tests.checks.apps import PAGE, about, failed_levels, lay_out

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

SERVER = "$(pgrep -P $(cat /tmp/codeflow/dev.pid))"
BLIND = """
const fs = require("node:fs")
const { EventEmitter } = require("node:events")
class Nothing extends EventEmitter { close() {} }
if (fs.existsSync("/tmp/blind")) fs.watch = () => new Nothing()
"""
START_BLIND = f"""
cat > /tmp/blind.cjs << 'END'
{BLIND}
END
touch /tmp/blind
kill $(cat /tmp/codeflow/dev.pid)
while [ -e /tmp/codeflow/dev.pid ]; do sleep 0.1; done
env -u CODEFLOW_EFFECT NODE_OPTIONS="--require /tmp/blind.cjs" setsid nohup node /opt/codeflow/dev.cjs > /dev/null 2>&1 < /dev/null &
until curl -sf http://127.0.0.1:3000/ -o /dev/null; do sleep 0.2; done
rm /tmp/blind
"""


async def log_of(workspace: E2BWorkspace) -> str:
    return (await workspace.inspect("cat /tmp/codeflow/dev.log")).stdout


async def test_a_page_just_broken_is_not_passed_for_what_it_was_before(workspace: E2BWorkspace):
    await lay_out(workspace, {"app/about/page.tsx": PAGE % "return <p>about</p>"})
    assert (await check(workspace)).report.passed
    await workspace.inspect(f"kill -STOP {SERVER}")
    await workspace.write({"app/about/page.tsx": (PAGE % "const a: any = null; return <p>{a.b}</p>").encode()})
    goes_on = asyncio.create_task(workspace.inspect(f"sleep 1; kill -CONT {SERVER}"))
    report = (await check(workspace)).report
    await goes_on
    assert failed_levels(report) == {CheckLevel.ROUTES, CheckLevel.BROWSER}, report.as_text()
    assert about(report, "Cannot read properties of null")


async def test_a_page_in_a_folder_just_removed_and_made_again_is_served(workspace: E2BWorkspace):
    before = (await log_of(workspace)).count("restarting the dev server")
    for text in ("first", "second", "third", "fourth"):
        await workspace.inspect(
            "node -e '"
            'const fs = require("fs"); fs.rmSync("app/again", { recursive: true, force: true }); '
            'fs.mkdirSync("app/again/deep", { recursive: true }); fs.copyFileSync("app/page.tsx", "app/again/deep/page.tsx")'
            "'"
        )
        await workspace.write({"app/again/page.tsx": (PAGE % f"return <p>{text}</p>").encode()})
        report = (await check(workspace)).report
        assert report.passed, report.as_text()
        assert f"{text}</p>" in (await workspace.fetch("/again")).body
        assert (await workspace.fetch("/again/deep")).status == 200
    assert (await log_of(workspace)).count("restarting the dev server") == before


async def test_a_dev_server_that_sees_no_new_file_is_restarted_and_the_app_passes(workspaces: E2BWorkspaces):
    workspace = await workspaces.open("blind", None, starter_files())
    try:
        started = await workspace.inspect(START_BLIND)
        assert started.exit_code == 0, started
        await lay_out(workspace, {"app/about/page.tsx": PAGE % "return <p>about</p>"})
        report = (await check(workspace)).report
        assert report.passed, report.as_text()
        assert [result.summary for result in report.results][1:] == ["2 routes served", "2 pages opened without errors"]
        assert (await log_of(workspace)).count("restarting the dev server") == 1
    finally:
        await workspaces.kill(workspace.sandbox_id)
        await workspace.close()


async def test_a_page_that_is_never_there_by_its_own_code_is_told_without_a_restart(workspace: E2BWorkspace):
    before = (await log_of(workspace)).count("restarting the dev server")
    page = 'import { notFound } from "next/navigation"\n' + PAGE % "notFound()"
    await lay_out(workspace, {"app/about/page.tsx": page})
    report = (await check(workspace)).report
    [problem] = [problem for problem in report.problems if problem.level == CheckLevel.ROUTES]
    assert problem.route == "/about"
    assert "notFound()" in problem.message
    assert (await log_of(workspace)).count("restarting the dev server") == before


async def test_a_new_page_is_compiled_ahead_of_the_first_visit(workspace: E2BWorkspace):
    await workspace.dev_log()
    await workspace.write({"app/fresh/page.tsx": (PAGE % "return <p>fresh</p>").encode()})
    told: list[str] = []
    while not any("GET /fresh 200" in line for line in told):
        await asyncio.sleep(0.2)
        told += await workspace.dev_log()
