"""What a sandbox cannot take from the host and from its neighbours.

An attack is an entry: what it takes, its script, and what comes of it: either the log's reason for the sandbox's end, or
what the script is told. The hosts' limits are small: 256 MB of memory, 64 MB of disk, 128 processes.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from e2b import CommandExitException, CommandHandle, Sandbox, SandboxException

from backend.e2b_host.cgroups import PREFIX
from backend.e2b_host.metrics import process_ids

from .conftest import Host

pytestmark = pytest.mark.sandbox

MEMORY, DISK = "MB of memory", "MB of disk"
ENDS = {
    "memory, by many processes": (
        "import subprocess, sys\nhog = 'x = bytearray(60_000_000); import time; time.sleep(60)'\n"
        "for one in [subprocess.Popen([sys.executable, '-c', hog]) for _ in range(6)]: one.wait()",
        MEMORY,
    ),
    "memory, by files in memory": (
        "for part in 1 2 3; do head -c 60M /dev/zero > /tmp/$part; head -c 60M /dev/zero > /dev/shm/$part; done; sleep 60",
        MEMORY,
    ),
    "memory, by files that have no name": (
        "import os, time\nchunk = bytes(1 << 20)\n"
        "for fd in [os.memfd_create(str(n)) for n in range(6)]:\n    for _ in range(60): os.write(fd, chunk)\n"
        "time.sleep(60)",
        MEMORY,
    ),
    "disk, by many files": ("for part in {1..12}; do head -c 8M /dev/zero > $part; done; sleep 60", DISK),
    "disk, by small files": (
        "import time\nfor n in range(1_500): open(f'/home/user/{n}', 'wb').write(bytes(65536))\ntime.sleep(60)",
        DISK,
    ),
    "disk, by empty files": (
        "import time\nfor n in range(3_100): open(f'/home/user/{n}', 'wb').close()\ntime.sleep(60)",
        "files; its limit is 3000",
    ),
    "disk, by deleted files": (
        "import os, time\nkept = []\nfor n in range(12):\n    kept.append(open('x', 'wb', 0))\n    os.remove('x')\n"
        "    kept[-1].write(bytes(8 << 20))\ntime.sleep(60)",
        DISK,
    ),
    "disk, over a template's files": (
        "cd ~/app/node_modules && for part in {1..12}; do head -c 8M /dev/zero > $part; done; sleep 60",
        DISK,
    ),
}
REFUSALS = {
    "memory, by one process": ("import sys\nbytearray(8 << 30)", "MemoryError"),
    "disk, by one file": ("head -c 100M /dev/zero > big; stat -c %s big; rm big", "67108864"),
    "disk, by a file that is not there": ("truncate -s 1T big", "File too large|File size limit"),
    "disk, at once": ("fallocate -l 60M big", "not supported"),
    "processes": (
        "import os\ntry:\n    while True: os.posix_spawn('/bin/sleep', ['sleep', '1'], {})\n"
        "except OSError as error: print(error.strerror)",
        "temporarily unavailable",
    ),
    "threads": (
        "import threading, time\nfor n in range(400): threading.Thread(target=time.sleep, args=(2,), daemon=True).start()",
        "can't start new thread",
    ),
    "open files": ("import os\nwhile True: os.dup(1)", "Too many open files"),
    "watches": (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nwhile libc.inotify_init() >= 0: pass\n"
        "print(os.strerror(ctypes.get_errno()))",
        "Too many open files",
    ),
    "memory, by shared segments": (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.shmget(0, ctypes.c_size_t(1 << 28), 0o1600)\n"
        "print(os.strerror(ctypes.get_errno()))",
        "Invalid argument",
    ),
    "processors": ("for n in {1..8}; do (timeout 2 sh -c 'while :; do :; done') & done; echo spun; wait", "spun"),
    "logs": ("timeout 2 yes | tee /dev/stderr | head -c 0; echo flooded", "flooded"),
}


def wait_until(check: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return done


def start(sandbox: Sandbox, script: str) -> CommandHandle:
    if script.startswith("import"):
        sandbox.files.write("/home/user/attack.py", script)
        script = "python3 /home/user/attack.py"
    return sandbox.commands.run(f"{{ {script}; }} 2>&1", background=True, timeout=60)


def all_is_well(host: Host, neighbour: Sandbox) -> bool:
    """The host and a neighbour answer as if nothing were."""
    written = neighbour.commands.run("echo $((6 * 7)) | tee /tmp/answer; cat /tmp/answer").stdout
    return written == "42\n42\n" and httpx.get(f"{host.url}/health", timeout=60).status_code == 200


def nothing_is_left(host: Host, sandbox: Sandbox) -> bool:
    groups = [group for home in groups_of(host) for group in home.glob(sandbox.sandbox_id)]
    mounts = (_read(Path(f"/proc/{pid}/mountinfo")) for pid in process_ids(host.process.pid))
    folder = host.log.parent / "data/sandboxes" / sandbox.sandbox_id
    return not groups and not folder.exists() and not any(f"{sandbox.sandbox_id}/" in mounted for mounted in mounts)


@cache
def _homes(pid: int) -> list[Path]:
    return [
        Path(folder, f"{PREFIX}{pid}") for folder, names, _ in os.walk("/sys/fs/cgroup") if f"{PREFIX}{pid}" in names
    ]


def groups_of(host: Host) -> list[Path]:
    return _homes(host.process.pid)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.mark.parametrize(("script", "reason"), ENDS.values(), ids=ENDS.keys())
def test_sandbox_that_takes_too_much_is_ended(walled: Host, inmate: Sandbox, script: str, reason: str) -> None:
    attacker = walled.create("web")
    start(attacker, script)
    line = re.compile(rf"{attacker.sandbox_id}.*{reason}")
    while not line.search(walled.logged()) and attacker.is_running():
        assert all_is_well(walled, inmate)
    assert wait_until(lambda: bool(line.search(walled.logged())))
    assert wait_until(lambda: not attacker.is_running())
    assert wait_until(lambda: nothing_is_left(walled, attacker))
    assert all_is_well(walled, inmate)


@pytest.fixture(scope="module")
def culprits(walled: Host) -> Iterator[list[Sandbox]]:
    made = [walled.create("web")]
    yield made
    for sandbox in made:
        sandbox.kill()
    assert wait_until(lambda: all(nothing_is_left(walled, sandbox) for sandbox in made))


@pytest.fixture
def culprit(walled: Host, culprits: list[Sandbox]) -> Sandbox:
    """Tries, and is refused, again and again; in place of one that did not live through that, another."""
    if not culprits[-1].is_running():
        culprits.append(walled.create("web"))
    return culprits[-1]


@pytest.mark.parametrize(("script", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_sandbox_that_wants_too_much_is_refused(
    walled: Host, inmate: Sandbox, culprit: Sandbox, script: str, refusal: str
) -> None:
    attack = start(culprit, script)
    assert all_is_well(walled, inmate)
    try:
        told = attack.wait().stdout
    except CommandExitException as error:
        told = error.stdout
    assert re.search(refusal, told)
    assert wait_until(lambda: answers(culprit)), walled.logged()


def test_commands_are_ended_before_the_agent_when_memory_runs_out(culprit: Sandbox) -> None:
    def scores() -> list[int]:
        shown = culprit.commands.run("cat /proc/$PPID/oom_score_adj /proc/self/oom_score_adj").stdout
        return [int(score) for score in shown.split()]

    # The agent has the same for the moment in which it starts one.
    assert wait_until(lambda: scores() == [500, 1000])


def answers(sandbox: Sandbox) -> bool:
    try:
        return sandbox.commands.run("rm -f big; echo well").stdout == "well\n"
    except (CommandExitException, SandboxException):  # what was started may take a moment to end
        return False


def test_host_tells_of_refused_processes_where_the_kernel_counts_them(walled: Host, culprit: Sandbox) -> None:
    start(culprit, REFUSALS["processes"][0])
    told = f"sandbox {culprit.sandbox_id} is refused more processes: its limit is 128"
    assert not walled.facts["isolation"]["cgroups"] or wait_until(lambda: told in walled.logged())
    assert wait_until(lambda: answers(culprit))
