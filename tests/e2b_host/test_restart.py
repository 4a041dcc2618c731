"""What is left of sandboxes when their host ends, one way or another, and what the next host makes of it."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from e2b import Sandbox, SandboxNotFoundException

from .conftest import Host, start_host
from .test_life import processes_under, wait_until

pytestmark = pytest.mark.sandbox


@dataclass
class Story:
    """One data directory, the hosts that serve it one after the other, and its sandboxes by name."""

    folder: Path
    template: Path
    host: Host
    ids: dict[str, str]
    tokens: dict[str, str | None]

    def next_host(self, end: signal.Signals, *arguments: str) -> None:
        self.host.stop(end)
        self.host = serve(self.folder, self.template, *arguments)

    def connect(self, name: str) -> Sandbox:
        return Sandbox.connect(self.ids[name], timeout=300, **self.host.connection)

    def states(self) -> dict[str, str]:
        listed = Sandbox.list(**self.host.connection).next_items()
        names = {sandbox_id: name for name, sandbox_id in self.ids.items()}
        return {names[found.sandbox_id]: found.state.value for found in listed}

    def disk(self, name: str) -> Path:
        return self.folder / "data/sandboxes" / self.ids[name]


def serve(folder: Path, template: Path, *arguments: str) -> Host:
    return start_host(folder, "--template", f"web={template}", "--pool", "web=1", "--pool-delay", "0.1", *arguments)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Story]:
    """A host was killed in the middle of its work, and another one serves its directory."""
    folder = tmp_path_factory.mktemp("story")
    host = serve(folder, template)
    made = {
        "running": host.create(envs={"COLOUR": "green"}, metadata={"of": "mine"}),
        "frozen": host.create(),
        "asleep": host.create(),
        "web": host.create("web", lifecycle={"on_timeout": "pause", "auto_resume": True}),
        "late": host.create(timeout=1),
        "parked": host.create(timeout=1, lifecycle={"on_timeout": "pause"}),
        "damaged": host.create(),
        "open": host.create(network={"allow_public_traffic": False}),
    }
    made["running"].files.write("/home/user/note", "kept")
    made["running"].commands.run("mkdir -p locked/in && touch locked/in/x && chmod 000 locked/in locked")
    made["running"].commands.run("setsid nohup sleep 600 &", background=True)
    made["frozen"].files.write("/home/user/note", "kept")
    made["frozen"].pause()
    made["asleep"].files.write("/home/user/note", "kept")
    made["asleep"].pause(keep_memory=False)
    made["web"].commands.run("echo mine > app/node_modules/pkg/index.js; echo new > app/node_modules/new.js")
    made["web"].commands.run("ln -s /oldroot/etc /home/user/tools; rm -rf .ssh; mkdir .ssh")
    story = Story(
        folder,
        template,
        host,
        {name: sandbox.sandbox_id for name, sandbox in made.items()},
        {name: sandbox.traffic_access_token for name, sandbox in made.items()},
    )
    (story.disk("damaged") / "record.json").write_text('{"id": ')
    time.sleep(max(0.0, 1.1 - (time.time() - made["parked"].get_info().started_at.timestamp())))
    story.next_host(signal.SIGKILL)
    yield story
    assert story.host.stop() == 0


def test_no_process_outlives_a_killed_host(killed: Story) -> None:
    pooled = 2
    assert wait_until(lambda: len(processes_under(killed.folder / "data")) > pooled)
    owned = {killed.disk(name).name for name in killed.ids}
    mounted = [Path("/proc", pid, "mountinfo").read_text() for pid in processes_under(killed.folder / "data")]
    assert not any(sandbox_id in mounts for sandbox_id in owned for mounts in mounted)


def test_next_host_lists_the_sandboxes_of_a_killed_one_as_paused(killed: Story) -> None:
    assert killed.states() == dict.fromkeys(("running", "frozen", "asleep", "web", "parked", "open"), "paused")


def test_what_was_no_clients_and_what_cannot_be_known_again_is_removed(killed: Story) -> None:
    left = {folder.name for folder in (killed.folder / "data/sandboxes").iterdir() if (folder / "record.json").exists()}
    assert left == {killed.ids[name] for name in killed.states()}
    assert f"sandbox {killed.ids['damaged']} is gone: its record is damaged" in killed.host.logged()


def test_time_goes_on_while_no_host_is_there(killed: Story) -> None:
    with pytest.raises(SandboxNotFoundException):
        killed.connect("late")
    assert not killed.disk("late").exists()
    assert killed.connect("parked").commands.run("echo back").stdout == "back\n"


def test_connect_boots_the_same_disk_with_the_same_token_metadata_and_environment(killed: Story) -> None:
    sandbox = killed.connect("running")
    assert sandbox.files.read("/home/user/note") == "kept"
    assert sandbox.commands.run("echo $COLOUR; id -un").stdout == "green\nuser\n"
    assert sandbox.get_info().metadata == {"of": "mine"}
    assert sandbox.commands.run("pgrep sleep || echo none").stdout == "none\n"
    token = json.loads((killed.disk("running") / "record.json").read_text())["token"]
    assert sandbox._envd_access_token == token  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("name", ["frozen", "asleep"])
def test_paused_sandboxes_wake_with_their_files(killed: Story, name: str) -> None:
    assert killed.connect(name).files.read("/home/user/note") == "kept"


def test_traffic_token_stays_the_same(killed: Story) -> None:
    assert killed.tokens["open"]
    assert killed.connect("open").traffic_access_token == killed.tokens["open"]


def test_traffic_wakes_one_that_may_and_its_start_command_runs_on_its_own_packages(killed: Story) -> None:
    headers = {"host": f"3000-{killed.ids['web']}.{killed.host.facts['domain']}", "accept": "*/*"}

    def page(path: str) -> str:
        return httpx.get(killed.host.url + path, headers=headers, timeout=30).text

    assert wait_until(lambda: page("/") == "<h1>it runs</h1>", 60)
    assert page("/node_modules/pkg/index.js") == "mine\n"
    assert page("/node_modules/new.js") == "new\n"


def test_records_are_for_the_hosts_user_only(killed: Story) -> None:
    assert (killed.disk("running") / "record.json").stat().st_mode & 0o777 == 0o600


def test_host_told_to_stop_leaves_them_too_and_other_templates_do_not_lose_them(killed: Story) -> None:
    killed.connect("frozen").files.write("/home/user/note", "newer")
    killed.connect("asleep").kill()
    before = killed.states()
    assert (before["frozen"], before["web"]) == ("running", "running")
    changed = json.loads((killed.template / "template.json").read_text())
    other = killed.folder / "other"
    other.mkdir()
    (other / "template.json").write_text(json.dumps({**changed, "files": None, "mounts": []}))
    killed.template = other
    killed.next_host(signal.SIGTERM)
    assert killed.states() == dict.fromkeys(before, "paused")
    assert killed.connect("frozen").files.read("/home/user/note") == "newer"
    with pytest.raises(Exception, match="template 'web' has changed"):
        killed.connect("web")
    assert f"sandbox {killed.ids['web']} cannot wake: template 'web' has changed" in killed.host.logged()
