"""Terminals through the SDK."""

import pytest
from e2b import PtySize, Sandbox

pytestmark = pytest.mark.sandbox


def test_terminal_is_resized_and_takes_input(shared: Sandbox) -> None:
    heard: list[bytes] = []
    terminal = shared.pty.create(PtySize(rows=20, cols=90), envs={"SHADE": "dark"}, cwd="/tmp")
    shared.pty.resize(terminal.pid, PtySize(rows=11, cols=77))
    shared.pty.send_stdin(terminal.pid, "stty size; echo $SHADE $PWD grün; exit 5\n".encode())
    with pytest.raises(Exception, match="5"):
        terminal.wait(on_pty=heard.append)
    said = b"".join(heard).decode()
    assert "11 77" in said
    assert "dark /tmp grün" in said


def test_second_listener_joins_a_terminal_that_is_then_killed(shared: Sandbox) -> None:
    terminal = shared.pty.create(PtySize(rows=20, cols=90))
    other = shared.pty.connect(terminal.pid)
    shared.pty.send_stdin(terminal.pid, b"echo for $((20 + 2)) both\n")
    heard = b""
    for _, _, data in other:
        heard += data or b""
        if b"for 22 both" in heard:
            break
    assert shared.pty.kill(terminal.pid)
    assert not shared.pty.kill(terminal.pid)
