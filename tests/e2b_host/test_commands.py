"""Commands through the SDK."""

import time

import pytest
from e2b import CommandExitException, PtySize, Sandbox, TimeoutException

pytestmark = pytest.mark.sandbox


def test_output_streams_while_the_command_runs(shared: Sandbox) -> None:
    arrivals: list[tuple[str, float]] = []
    began = time.monotonic()
    done = shared.commands.run(
        "echo first; sleep 0.5; echo second; echo wrong >&2",
        on_stdout=lambda text: arrivals.append((text, time.monotonic() - began)),
    )
    assert [text for text, _ in arrivals] == ["first\n", "second\n"]
    assert arrivals[1][1] - arrivals[0][1] > 0.3
    assert (done.stdout, done.stderr, done.exit_code) == ("first\nsecond\n", "wrong\n", 0)


def test_failing_command_reports_its_exit_code_and_output(shared: Sandbox) -> None:
    with pytest.raises(CommandExitException) as caught:
        shared.commands.run("echo out; echo bad >&2; exit 3")
    assert (caught.value.exit_code, caught.value.stdout, caught.value.stderr) == (3, "out\n", "bad\n")


def test_command_sees_the_sandboxs_environment_its_own_and_the_directory(shared: Sandbox) -> None:
    done = shared.commands.run('echo "$COLOUR $SIZE $PWD $E2B_SANDBOX_ID"', envs={"SIZE": "big"}, cwd="/tmp")
    assert done.stdout == f"green big /tmp {shared.sandbox_id}\n"


def test_timeout_ends_the_command_and_all_it_started(shared: Sandbox) -> None:
    with pytest.raises(TimeoutException):
        shared.commands.run("sleep 987 & sleep 987", timeout=0.5)
    time.sleep(0.3)
    assert shared.commands.run("pgrep -fc 'sleep [9]87' || true").stdout.strip() == "0"


def test_background_command_takes_input_is_listed_and_killed(shared: Sandbox) -> None:
    handle = shared.commands.run("while read line; do echo got $line; done", background=True, stdin=True)
    assert handle.pid in [process.pid for process in shared.commands.list()]
    shared.commands.send_stdin(handle.pid, "one\n")
    assert next(iter(handle))[0] == "got one\n"
    assert shared.commands.kill(handle.pid)
    assert shared.commands.run(f"kill -0 {handle.pid} 2>/dev/null || echo gone").stdout == "gone\n"
    assert not shared.commands.kill(handle.pid)


def test_second_listener_joins_a_running_command(shared: Sandbox) -> None:
    first = shared.commands.run("sleep 0.3; echo heard by both", background=True)
    second = shared.commands.connect(first.pid)
    assert second.wait().stdout == first.wait().stdout == "heard by both\n"


def test_terminal_has_its_size_and_echoes(shared: Sandbox) -> None:
    heard: list[bytes] = []
    terminal = shared.pty.create(PtySize(rows=33, cols=101))
    shared.pty.send_stdin(terminal.pid, b"stty size; exit\n")
    terminal.wait(on_pty=heard.append)
    assert b"33 101" in b"".join(heard)


def test_much_output_arrives_whole(shared: Sandbox) -> None:
    assert shared.commands.run("seq 100000").stdout == "".join(f"{n}\n" for n in range(1, 100_001))
