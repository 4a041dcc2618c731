"""Commands through the SDK."""

import asyncio
import time

import pytest
from e2b import AuthenticationException, CommandExitException, PtySize, Sandbox, TimeoutException

from .conftest import Host

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


def test_stdin_is_read_to_the_end_it_is_given(shared: Sandbox) -> None:
    handle = shared.commands.run("wc -c", background=True, stdin=True)
    shared.commands.send_stdin(handle.pid, "grün" * 50_000)
    shared.commands.close_stdin(handle.pid)
    assert handle.wait().stdout.strip() == str(len("grün".encode()) * 50_000)


def test_command_without_stdin_sees_its_end_at_once(shared: Sandbox) -> None:
    assert shared.commands.run("cat; echo done").stdout == "done\n"


def test_command_runs_as_the_named_user_of_the_sandbox(shared: Sandbox) -> None:
    assert shared.commands.run("echo $USER $HOME", user="root").stdout == "root /root\n"
    assert shared.commands.run("echo $USER $HOME").stdout == "user /home/user\n"
    with pytest.raises(AuthenticationException, match="nobody-here"):
        shared.commands.run("true", user="nobody-here")


def test_what_a_finished_command_left_behind_holds_its_output_until_killed(shared: Sandbox) -> None:
    handle = shared.commands.run("sleep 600 & echo started", background=True)
    assert next(iter(handle))[0] == "started\n"
    assert shared.commands.kill(handle.pid)
    assert handle.pid not in [process.pid for process in shared.commands.list()]


def test_slow_listener_holds_the_command_back_and_misses_nothing(host: Host, shared: Sandbox) -> None:
    handle = shared.commands.run(
        "for i in $(seq 60); do head -c 1M /dev/zero | tr '\\0' x; echo $i >> written; done", background=True
    )
    last = -1
    while (written := int(shared.commands.run("wc -l < written 2>/dev/null || echo 0").stdout)) != last:
        last = written
        time.sleep(0.3)
    assert last < 60
    assert len(handle.wait().stdout) == 60 * 2**20


async def test_async_client_hears_two_commands_at_once(host: Host) -> None:
    sandbox = await host.create_async()
    heard: list[str] = []
    commands = [
        await sandbox.commands.run(f"sleep 0.{delay}; echo {delay}", background=True, on_stdout=heard.append)
        for delay in (3, 1)
    ]
    await asyncio.gather(*(command.wait() for command in commands))
    assert heard == ["1\n", "3\n"]
    terminal = await sandbox.pty.create(PtySize(rows=20, cols=90), on_data=lambda data: heard.append(data.decode()))
    await sandbox.pty.send_stdin(terminal.pid, b"echo $((40 + 2)); exit\n")
    await terminal.wait()
    assert "42" in "".join(heard)
    events: list[str] = []
    await sandbox.files.make_dir("watched")
    watch = await sandbox.files.watch_dir("watched", on_event=lambda event: events.append(event.name))
    await sandbox.files.write("watched/new.txt", "x")
    async with asyncio.timeout(60):
        while "new.txt" not in events:
            await asyncio.sleep(0.02)
    await watch.stop()
    await sandbox.kill()
