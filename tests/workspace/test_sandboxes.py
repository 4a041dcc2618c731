"""Sandboxes come and go; a project's files do not."""

import asyncio
import json
from dataclasses import replace

import pytest

from backend.workspace import SandboxLost, SandboxUnavailable
from backend.workspace.e2b import E2BWorkspaces, SandboxService
from backend.workspace.starter import starter_files

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]


async def test_a_project_has_one_sandbox_found_again_by_id_or_by_name(
    workspaces: E2BWorkspaces, service: SandboxService
):
    first = await workspaces.open("one", None, starter_files())
    by_id = await workspaces.open("one", first.sandbox_id, starter_files())
    by_name = await workspaces.open("one", None, starter_files())
    stale_id = await workspaces.open("one", "i0000000000000000gone", starter_files())
    try:
        assert first.sandbox_id == by_id.sandbox_id == by_name.sandbox_id == stale_id.sandbox_id
        assert first.preview_url.startswith(f"{service.preview_scheme}://3000-{first.sandbox_id}.")
    finally:
        for workspace in (first, by_id, by_name, stale_id):
            await workspace.close()
        await workspaces.kill(first.sandbox_id)


async def test_a_sandbox_lost_in_the_middle_is_told_and_a_new_one_holds_the_same_files(workspaces: E2BWorkspaces):
    workspace = await workspaces.open("mid", None, starter_files())
    await workspace.write({"app/kept.ts": b"export {}\n"})
    files = dict(workspace.files)
    begun = asyncio.Event()

    async def listen(text: str) -> None:
        begun.set()

    command = asyncio.create_task(workspace.run("echo begun; sleep 60", on_output=listen))
    await begun.wait()
    await workspaces.kill(workspace.sandbox_id)
    with pytest.raises(SandboxLost):
        await command
    assert not await workspaces.alive(workspace.sandbox_id)
    for use in (
        workspace.write({"x.ts": b"x"}),
        workspace.run("true"),
        workspace.search("x"),
        workspace.fetch("/"),
        workspace.dev_log(),
        workspace.inspect("true"),
    ):
        with pytest.raises(SandboxLost):
            await use
    again = await workspaces.open("mid", workspace.sandbox_id, files)
    try:
        assert again.sandbox_id != workspace.sandbox_id
        assert again.files == files
        assert (await again.inspect("cat app/kept.ts")).stdout == "export {}\n"
        assert (await again.fetch("/", timeout_s=60)).status == 200
    finally:
        await workspace.close()
        await again.close()
        await workspaces.kill(again.sandbox_id)


async def test_an_added_package_is_there_again_in_a_new_sandbox(workspaces: E2BWorkspaces):
    workspace = await workspaces.open("pkg", None, starter_files())
    refused = await workspace.add_packages(["--global", "nanoid"])
    assert refused.exit_code != 0
    assert "'--global'" in refused.output
    added = await workspace.add_packages(["nanoid@5.1.5"])
    assert added.exit_code == 0, added.output
    assert {w.change.path for w in added.written} == {"package.json", "package-lock.json"}
    assert json.loads(workspace.files["package.json"])["dependencies"]["nanoid"] == "5.1.5"
    files = {
        **workspace.files,
        "app/page.tsx": b"import { nanoid } from 'nanoid'\nexport default function Page() { return <p>id {nanoid(7)}</p> }\n",
    }
    await workspace.close()
    await workspaces.kill(workspace.sandbox_id)
    again = await workspaces.open("pkg", None, files)
    try:
        assert (await again.fetch("/", timeout_s=60)).status == 200
    finally:
        await again.close()
        await workspaces.kill(again.sandbox_id)


async def test_killing_a_sandbox_that_is_gone_is_fine(workspaces: E2BWorkspaces):
    await workspaces.kill("i0000000000000000gone")
    assert not await workspaces.alive("i0000000000000000gone")


async def test_without_a_service_or_a_key_or_a_template_the_operator_is_told(service: SandboxService):
    cases = [
        (replace(service, api_url="http://127.0.0.1:9"), "does not answer"),
        (replace(service, api_key="e2b_" + "0" * 40), "E2B_API_KEY"),
        (replace(service, template="no-such-template"), "no-such-template"),
    ]
    for broken, expected in cases:
        with pytest.raises(SandboxUnavailable, match=expected):
            await E2BWorkspaces(broken).open("none", None, starter_files())
