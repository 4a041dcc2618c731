"""A sandbox nobody uses pauses, wakes when somebody comes, and is told from one that is gone."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from e2b import AsyncSandbox, SandboxState

from backend.workspace import e2b
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces, SandboxService
from backend.workspace.starter import starter_files

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

FILES = starter_files() | {"app/page.tsx": b"export default function Page() { return <h1>slept well</h1> }\n"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sleeper(workspaces: E2BWorkspaces) -> AsyncIterator[E2BWorkspace]:
    workspace = await workspaces.open("sleeper", None, FILES)
    yield workspace
    await workspace.close()
    await workspaces.kill(workspace.sandbox_id)


@pytest_asyncio.fixture(loop_scope="session")
async def asleep(sleeper: E2BWorkspace, service: SandboxService) -> str:
    """A paused sandbox's id."""
    await AsyncSandbox.pause(sleeper.sandbox_id, **service.params)
    return sleeper.sandbox_id


async def state(service: SandboxService, sandbox_id: str) -> SandboxState:
    return (await AsyncSandbox.get_info(sandbox_id, **service.params)).state


async def test_a_new_sandbox_pauses_at_its_time_out_and_wakes_by_itself(sleeper: E2BWorkspace, service: SandboxService):
    info = await AsyncSandbox.get_info(sleeper.sandbox_id, **service.params)
    assert info.lifecycle == {"on_timeout": "pause", "auto_resume": True}


async def test_looking_after_a_sleeping_one_does_not_wake_it(
    asleep: str, workspaces: E2BWorkspaces, service: SandboxService
):
    assert await workspaces.alive(asleep)
    await workspaces.keep(asleep)
    [listed] = [listed for listed in await workspaces.sandboxes() if listed.sandbox_id == asleep]
    assert (listed.project_id, listed.paused) == ("sleeper", True)
    assert await state(service, asleep) is SandboxState.PAUSED


async def test_opening_a_sleeping_one_wakes_it_with_its_files_served(
    asleep: str, workspaces: E2BWorkspaces, service: SandboxService
):
    for sandbox_id in (asleep, None):
        woken = await workspaces.open("sleeper", sandbox_id, FILES)
        try:
            assert woken.sandbox_id == asleep
            assert "slept well" in (await woken.fetch("/", timeout_s=60)).body
            assert (await woken.inspect("cat app/page.tsx")).stdout == FILES["app/page.tsx"].decode()
        finally:
            await woken.close()
        assert await state(service, asleep) is SandboxState.RUNNING


async def test_its_preview_wakes_a_sleeping_one(asleep: str, sleeper: E2BWorkspace, service: SandboxService):
    assert await sleeper.dev_server.answers(60)
    assert await state(service, asleep) is SandboxState.RUNNING
    assert "slept well" in (await sleeper.fetch("/", timeout_s=60)).body


async def test_one_in_use_has_its_end_put_off(
    sleeper: E2BWorkspace, workspaces: E2BWorkspaces, service: SandboxService
):
    await AsyncSandbox.set_timeout(sleeper.sandbox_id, 60, **service.params)
    before = (await AsyncSandbox.get_info(sleeper.sandbox_id, **service.params)).end_at
    await workspaces.keep(sleeper.sandbox_id)
    after = (await AsyncSandbox.get_info(sleeper.sandbox_id, **service.params)).end_at
    assert (after - before).total_seconds() > service.timeout_s / 2
    await workspaces.keep("i0000000000000000gone")


async def test_one_made_from_an_earlier_template_is_not_opened_again(
    sleeper: E2BWorkspace, workspaces: E2BWorkspaces, monkeypatch: pytest.MonkeyPatch
):
    assert await workspaces.alive(sleeper.sandbox_id)
    monkeypatch.setattr(e2b, "template_version", lambda: "another")
    assert not await workspaces.alive(sleeper.sandbox_id)
    assert await workspaces._found("sleeper", None) is None


async def test_sandboxes_of_another_installation_are_not_seen(sleeper: E2BWorkspace, service: SandboxService):
    others = E2BWorkspaces(replace(service, installation="another"))
    assert await others.sandboxes() == []
    assert await others._found("sleeper", None) is None


async def test_a_sleeping_one_can_be_ended(asleep: str, workspaces: E2BWorkspaces):
    await workspaces.kill(asleep)
    assert not await workspaces.alive(asleep)
    assert asleep not in [listed.sandbox_id for listed in await workspaces.sandboxes()]
