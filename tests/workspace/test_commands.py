"""A command ends, whatever it does, and happens once."""

import asyncio
import contextlib
import time

import pytest

from backend.workspace.e2b import E2BWorkspace
from backend.workspace.starter import starter_files

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]


async def running(workspace: E2BWorkspace, name: str) -> int:
    """How many processes of the sandbox have the word in their command line."""
    bracketed = f"[{name[0]}]{name[1:]}"
    seen = await workspace.inspect(
        f"cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' ' | grep -o '{bracketed}' | wc -l"
    )
    return int(seen.stdout)


async def test_output_is_streamed_while_the_command_runs(workspace: E2BWorkspace):
    heard: list[tuple[float, str]] = []
    started = time.monotonic()

    async def listen(text: str) -> None:
        heard.append((time.monotonic() - started, text))

    done = await workspace.run("echo first; sleep 1; echo second >&2; exit 3", on_output=listen)
    assert (done.exit_code, done.timed_out, done.output) == (3, False, "first\nsecond\n")
    assert heard[0][1] == "first\n"
    assert heard[-1][0] - heard[0][0] > 0.7


async def test_a_command_runs_in_the_project_without_colours_and_without_waiting_for_input(workspace: E2BWorkspace):
    done = await workspace.run("pwd; read line; echo \"[$line]\"; printf '\\033[31mred\\033[0m\\n'")
    assert done.output == "/home/user/app\n[]\nred\n"


@pytest.mark.timeout(60)
async def test_a_time_out_ends_the_command_and_all_its_processes(workspace: E2BWorkspace):
    done = await workspace.run("echo begun; sleep 7771 & setsid sleep 7771 & (sleep 7771 &) ; sleep 7771", timeout_s=1)
    assert done.timed_out
    assert done.exit_code != 0
    assert done.output.startswith("begun\n")
    assert "did not end within 1 s" in done.output
    assert await running(workspace, "sleep 7771") == 0


@pytest.mark.timeout(60)
async def test_what_a_command_leaves_in_the_background_neither_holds_it_nor_stays(workspace: E2BWorkspace):
    done = await workspace.run("sleep 7772 & nohup setsid sleep 7772 & echo left", timeout_s=60)
    assert (done.exit_code, done.output) == (0, "left\n")
    assert await running(workspace, "sleep 7772") == 0


async def test_a_flood_of_output_is_cut_off_and_its_head_and_tail_kept(workspace: E2BWorkspace):
    done = await workspace.run("echo head; yes flood", timeout_s=60)
    assert not done.timed_out
    assert len(done.output) <= 30_000
    assert done.output.startswith("head\nflood\n")
    assert "characters left out" in done.output
    assert "was stopped" in done.output


async def test_a_stopped_command_is_killed(workspace: E2BWorkspace):
    begun = asyncio.Event()

    async def listen(text: str) -> None:
        begun.set()

    command = asyncio.create_task(workspace.run("echo begun; sleep 7773", on_output=listen))
    await begun.wait()
    command.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await command
    assert await running(workspace, "sleep 7773") == 0


async def test_an_effect_with_a_key_happens_once_even_after_a_crash(workspace: E2BWorkspace):
    command = "echo run >> /tmp/times; echo made > made.txt; rm lib/utils.ts; echo out; exit 4"
    first = await workspace.run(command, key="once")
    await workspace.mirror(starter_files())
    again = await workspace.run(command, key="once")
    assert (again.exit_code, again.output) == (first.exit_code, first.output) == (4, "out\n")
    assert (await workspace.inspect(f"cat {first.output_file}")).stdout == "out\n"
    assert (
        {w.change.path for w in again.written} == {w.change.path for w in first.written} == {"made.txt", "lib/utils.ts"}
    )
    assert (await workspace.inspect("cat /tmp/times made.txt; ls lib/utils.ts")).stdout == "run\nmade\n"


async def test_an_effect_still_under_way_is_waited_for(workspace: E2BWorkspace):
    command = "echo run >> /tmp/slow_times; sleep 1; echo out"
    both = await asyncio.gather(workspace.run(command, key="slow"), workspace.run(command, key="slow"))
    assert [done.output for done in both] == ["out\n", "out\n"]
    assert (await workspace.inspect("cat /tmp/slow_times")).stdout == "run\n"


async def test_the_same_key_for_another_command_or_other_files_is_another_effect(workspace: E2BWorkspace):
    assert (await workspace.run("echo one", key="k")).output == "one\n"
    assert (await workspace.run("echo two", key="k")).output == "two\n"
    await workspace.run("echo run >> /tmp/key_times", key="k")
    await workspace.write({"other.txt": b"x"})
    await workspace.run("echo run >> /tmp/key_times", key="k")
    assert (await workspace.inspect("cat /tmp/key_times")).stdout == "run\nrun\n"


async def test_a_command_too_long_to_pass_is_told_so(workspace: E2BWorkspace):
    done = await workspace.run("echo " + "x" * 40_000)
    assert done.exit_code != 0
    assert "script file" in done.output
