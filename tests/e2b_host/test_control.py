"""Creating, finding, timing and ending sandboxes through the SDKs."""

import time

import httpx
import pytest
from e2b import AuthenticationException, Sandbox, SandboxException, SandboxNotFoundException, SandboxQuery

from .conftest import Host

pytestmark = pytest.mark.sandbox


def test_wrong_key_is_refused(host: Host) -> None:
    with pytest.raises(AuthenticationException, match="Invalid API key"):
        Sandbox.create("base", api_key="e2b_" + "0" * 40, api_url=host.url, sandbox_url=host.url)
    assert httpx.get(host.url + "/v2/sandboxes").status_code == 401


def test_each_start_has_its_own_key(host: Host) -> None:
    assert len(host.facts["api_key"]) == 44
    assert host.facts["api_key"] not in host.logged()


def test_sandbox_is_listed_by_its_metadata_until_killed(host: Host) -> None:
    sandbox = host.create(metadata={"project": "a b&c"})
    query = SandboxQuery(metadata={"project": "a b&c"})
    listed = Sandbox.list(query=query, **host.connection).next_items()
    assert [(found.sandbox_id, found.metadata) for found in listed] == [(sandbox.sandbox_id, {"project": "a b&c"})]
    assert sandbox.is_running()
    assert sandbox.kill()
    assert not sandbox.is_running()
    assert Sandbox.list(query=query, **host.connection).next_items() == []
    assert not sandbox.kill()


def test_who_has_the_key_is_told_how_many_there_are(host: Host, sandbox: Sandbox) -> None:
    def told(**headers: str) -> httpx.Response:
        return httpx.get(host.url + "/capacity", headers=headers)

    key = {"x-api-key": host.facts["api_key"]}
    awake = told(**key).json()
    assert awake.keys() == {"running", "paused", "ready", "max"}
    assert awake["running"] >= 1
    sandbox.pause()
    asleep = told(**key).json()
    assert (asleep["running"], asleep["paused"]) == (awake["running"] - 1, awake["paused"] + 1)
    assert told().status_code == 401


def test_second_client_connects_by_id_and_sees_the_files(host: Host, shared: Sandbox) -> None:
    shared.files.write("seen.txt", "by both")
    other = Sandbox.connect(shared.sandbox_id, **host.connection)
    assert other.files.read("seen.txt") == "by both"
    with pytest.raises(SandboxNotFoundException):
        Sandbox.connect("inotthere", **host.connection)


def test_sandbox_ends_at_its_timeout(host: Host) -> None:
    sandbox = host.create(timeout=300)
    before = sandbox.get_info().end_at
    sandbox.set_timeout(1)
    assert sandbox.get_info().end_at < before
    deadline = time.monotonic() + 5
    while sandbox.is_running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not sandbox.is_running()
    assert f"sandbox {sandbox.sandbox_id} ends: its time-out passed" in host.logged()


def test_unknown_template_is_refused_with_those_there_are(host: Host) -> None:
    with pytest.raises(SandboxException, match="this host has: base, web"):
        host.create("nope")


def test_paused_sandbox_stands_still_and_goes_on(host: Host, sandbox: Sandbox) -> None:
    sandbox.commands.run("while true; do echo tick >> ticks; sleep 0.05; done", background=True)
    sandbox.commands.run("until [ -s ticks ]; do sleep 0.05; done")
    sandbox.pause()
    assert not sandbox.is_running()
    states = {found.sandbox_id: found.state.value for found in Sandbox.list(**host.connection).next_items()}
    assert states[sandbox.sandbox_id] == "paused"
    sandbox.connect()
    assert sandbox.is_running()
    ticks = sandbox.files.read("ticks")
    time.sleep(0.3)
    assert len(sandbox.files.read("ticks")) > len(ticks)


async def test_async_client_of_the_code_interpreter_works_alike(host: Host) -> None:
    sandbox = await host.create_async(envs={"GREETING": "hello"})
    await sandbox.files.write("name", "world")
    done = await sandbox.commands.run('echo "$GREETING $(cat name)"')
    assert done.stdout == "hello world\n"
    assert (await sandbox.get_info()).template_id == "base"
    assert await sandbox.kill()
    assert not await sandbox.is_running()
