"""Copies of a sandbox's disk: snapshots that sandboxes begin from, and forks."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from e2b import Sandbox, SandboxException

from .conftest import Host, start_host

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def source(host: Host) -> Iterator[Sandbox]:
    """A sandbox with a changed file, a changed package, a removed one and a process that counts."""
    sandbox = host.create("web", envs={"COLOUR": "green"})
    sandbox.commands.run(
        "echo mine > app/node_modules/pkg/index.js; echo new > app/node_modules/new.js; mkdir -p deep/er; ln -s /etc x"
    )
    sandbox.files.write("/home/user/note", "first", metadata={"by": "me"})
    sandbox.commands.run("while sleep 0.01; do echo . >> ticks; done", background=True)
    yield sandbox
    sandbox.kill()


def test_sandbox_of_a_snapshot_begins_with_its_files_and_its_templates_start_command(
    host: Host, source: Sandbox
) -> None:
    snapshot = source.create_snapshot()
    source.files.write("/home/user/note", "second")
    copy = host.create(snapshot.snapshot_id)
    assert copy.files.read("/home/user/note") == "first"
    assert copy.files.get_info("/home/user/note").metadata == {"by": "me"}
    assert copy.commands.run("cat app/node_modules/pkg/index.js app/node_modules/new.js").stdout == "mine\nnew\n"
    assert copy.commands.run("readlink x; test -d deep/er && echo deep").stdout == "/etc\ndeep\n"
    served = "for i in $(seq 100); do curl -sf localhost:3000 && break; sleep 0.1; done"
    assert copy.commands.run(served).stdout == "<h1>it runs</h1>"
    copy.commands.run("echo other > app/node_modules/new.js")
    assert source.files.read("/home/user/app/node_modules/new.js") == "new\n"
    assert copy.sandbox_id != source.sandbox_id
    copy.kill()
    assert Sandbox.delete_snapshot(snapshot.snapshot_id, **host.connection)


def test_source_goes_on_while_it_is_copied(host: Host, source: Sandbox) -> None:
    count = "wc -l < ticks"
    before = int(source.commands.run(count).stdout)
    snapshot = source.create_snapshot()
    assert int(source.commands.run(f"sleep 0.2; {count}").stdout) > before
    assert Sandbox.delete_snapshot(snapshot.snapshot_id, **host.connection)


def test_name_means_the_newest_snapshot_and_a_removed_one_is_gone(host: Host, source: Sandbox) -> None:
    source.files.write("/home/user/note", "older")
    source.create_snapshot("good-start")
    source.files.write("/home/user/note", "newer")
    named = source.create_snapshot("good-start")
    found = [one for one in Sandbox.list_snapshots(**host.connection).next_items() if "good-start" in one.names]
    assert [one.snapshot_id for one in found] == [named.snapshot_id]
    copy = host.create("good-start")
    assert copy.files.read("/home/user/note") == "newer"
    copy.kill()
    assert Sandbox.delete_snapshot(named.snapshot_id, **host.connection)
    assert not Sandbox.delete_snapshot(named.snapshot_id, **host.connection)
    with pytest.raises(SandboxException, match="template 'good-start' not found"):
        host.create("good-start")


def test_forks_are_sandboxes_of_their_own_on_the_same_files(host: Host, source: Sandbox) -> None:
    source.files.write("/home/user/note", "forked")
    snapshots = len(Sandbox.list_snapshots(**host.connection).next_items())
    with ThreadPoolExecutor() as threads:
        forking = threads.submit(source.fork, count=2, timeout=60)
        while not forking.done():  # nor would a host that ends meanwhile leave one behind
            assert len(Sandbox.list_snapshots(**host.connection).next_items()) == snapshots
    forks = forking.result()
    for number, fork in enumerate(forks):
        assert isinstance(fork, Sandbox)
        assert fork.files.read("/home/user/note") == "forked"
        fork.files.write("/home/user/note", str(number))
        assert fork.commands.run("echo $COLOUR").stdout == "green\n"
    assert [fork.files.read("/home/user/note") for fork in forks if isinstance(fork, Sandbox)] == ["0", "1"]
    assert source.files.read("/home/user/note") == "forked"
    assert len({source.sandbox_id, *(fork.sandbox_id for fork in forks if isinstance(fork, Sandbox))}) == 3
    assert len(Sandbox.list_snapshots(**host.connection).next_items()) == snapshots
    for fork in forks:
        assert isinstance(fork, Sandbox)
        fork.kill()


def test_snapshots_outlive_their_sandbox_and_their_host(tmp_path: Path) -> None:
    host = start_host(tmp_path)
    sandbox = host.create()
    sandbox.files.write("/home/user/note", "kept")
    sandbox.pause(keep_memory=False)
    asleep = sandbox.create_snapshot("asleep")
    sandbox.connect()
    snapshot = sandbox.create_snapshot()
    sandbox.kill()
    half = tmp_path / "data/snapshots/sunfinished"
    (half / "root").mkdir(parents=True)
    host.stop(signal.SIGKILL)
    after = start_host(tmp_path)
    assert after.facts["api_key"] == host.facts["api_key"]
    assert (tmp_path / "data/api-key").stat().st_mode & 0o777 == 0o600
    assert not half.exists()
    for snapshot_id in (snapshot.snapshot_id, asleep.snapshot_id):
        assert after.create(snapshot_id).files.read("/home/user/note") == "kept"
    after.stop()
