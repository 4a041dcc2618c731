"""The dev server, as the workspace sees it."""

import asyncio

import pytest

from backend.workspace.e2b import E2BWorkspace

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

PAGE = "export default function Page() { %s }\n"


def page(body: str) -> dict[str, bytes | None]:
    return {"app/page.tsx": (PAGE % body).encode()}


async def test_a_written_page_is_what_the_app_serves(workspace: E2BWorkspace):
    await workspace.write(page("return <h1>written just now</h1>"))
    answer = await workspace.fetch("/", timeout_s=60)
    assert answer.status == 200
    assert "written just now" in answer.body
    assert (await workspace.fetch("/nowhere", timeout_s=60)).status == 404


async def test_the_log_tells_each_line_once(workspace: E2BWorkspace):
    await workspace.dev_log()
    await workspace.write(page("console.log('gr' + 'üße'); return <h1>x</h1>"))
    await workspace.fetch("/", timeout_s=60)
    await asyncio.sleep(0.5)
    lines = await workspace.dev_log()
    assert any("grüße" in line for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert await workspace.dev_log() == []


@pytest.mark.timeout(120)
async def test_a_page_that_hangs_the_server_is_a_bounded_wait_and_a_restart_away(workspace: E2BWorkspace):
    await workspace.write({"app/hang/page.tsx": (PAGE % "while (true) {}").encode()})
    # The dev server's watcher sees a new route a moment after it was written.
    answer = await workspace.fetch("/hang", timeout_s=4)
    for _ in range(50):
        if answer.status != 404:
            break
        await asyncio.sleep(0.2)
        answer = await workspace.fetch("/hang", timeout_s=4)
    assert answer.status == 0
    await workspace.write({"app/hang/page.tsx": None})
    await workspace.restart_dev()
    assert (await workspace.fetch("/", timeout_s=60)).status == 200


async def test_a_project_whose_own_files_keep_the_server_down_can_still_be_opened_and_repaired(workspace: E2BWorkspace):
    files = dict(workspace.files)
    await workspace.mirror(files | {"next.config.ts": b"export default { nope: \n"})
    assert any("does not start" in line for line in await workspace.dev_log())
    assert (await workspace.fetch("/", timeout_s=5)).status == 0
    await workspace.mirror(files)
    assert (await workspace.fetch("/", timeout_s=60)).status == 200
