"""The filter of system calls: what it refuses, and that its programs are well formed for machines not at hand."""

import errno
import json
import platform
import struct

import pytest
from e2b import Sandbox

from backend.e2b_host import seccomp

pytestmark = pytest.mark.sandbox

CALLER = """
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
answers = []
for number, *arguments in json.load(sys.stdin):
    ctypes.set_errno(0)
    answers.append(libc.syscall(number, *map(ctypes.c_ulong, arguments)) and ctypes.get_errno())
print(json.dumps(answers))
"""
NEW_USER, NEW_NET, SIGCHLD = 0x10000000, 0x40000000, 17


def errors(sandbox: Sandbox, calls: list[list[int]]) -> list[int]:
    """The error number of each call, 0 where it succeeded; made in one process of the sandbox."""
    sandbox.files.write_files(
        [{"path": "/tmp/call.py", "data": CALLER}, {"path": "/tmp/calls", "data": json.dumps(calls)}]
    )
    return json.loads(sandbox.commands.run("python3 /tmp/call.py < /tmp/calls").stdout)


def test_calls_that_no_development_needs_are_refused(inmate: Sandbox) -> None:
    numbers = seccomp.MACHINES[platform.machine()].calls
    names = [name for name in numbers if name not in seccomp.BY_ARGUMENT]
    answers = errors(inmate, [[numbers[name], 0, 0, 0, 0, 0] for name in names])
    refused = {name: errno.ENOSYS if name in seccomp.NOT_IMPLEMENTED else errno.EPERM for name in names}
    assert dict(zip(names, answers, strict=True)) == refused


def test_some_calls_are_refused_by_what_they_ask(inmate: Sandbox) -> None:
    numbers = seccomp.MACHINES[platform.machine()].calls
    asked = {
        ("clone", NEW_USER | SIGCHLD): errno.EPERM,
        ("clone", NEW_NET | SIGCHLD): errno.EPERM,
        ("personality", 0xFFFFFFFF): 0,
        ("personality", 0x0400000): errno.EPERM,
        ("ioctl", 0, seccomp.TIOCSTI, 0): errno.EPERM,
        ("ioctl", 0, seccomp.TIOCLINUX | 1 << 32, 0): errno.EPERM,
        ("socket", 40, 1, 0): errno.EAFNOSUPPORT,
        ("socket", seccomp.NETLINK, 3, 9): errno.EAFNOSUPPORT,
        ("socket", seccomp.INET, 3, 1): errno.EPERM,
        ("socket", seccomp.INET6, 1, 132): errno.EPROTONOSUPPORT,
        ("shmget", 0, 1 << 20, 0o1600): errno.EINVAL,
        ("shmget", 0, 1 << 32, 0o1600): errno.EINVAL,
        ("fallocate", 0, 0, 0, 1): errno.EOPNOTSUPP,
    }
    calls = [[numbers[name], *arguments] for name, *arguments in asked]
    assert dict(zip(asked, errors(inmate, calls), strict=True)) == asked


def test_what_development_needs_works(inmate: Sandbox) -> None:
    script = (
        "import os, socket, subprocess, threading, mmap, multiprocessing.shared_memory as shared\n"
        "for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX): socket.socket(family)\n"
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); socket.socketpair(); socket.getaddrinfo('localhost', 80)\n"
        "threading.Thread(target=os.getpid).start(); subprocess.run(['true'], check=True); os.memfd_create('x')\n"
        "shared.SharedMemory('y', True, 4096).unlink(); os.posix_fallocate(os.open('z', os.O_RDWR | os.O_CREAT), 0, 9)\n"
        "print(os.path.getsize('z'))\n"
    )
    inmate.files.write("/tmp/needs.py", script)
    assert inmate.commands.run("python3 /tmp/needs.py && git init -q /tmp/repository").stdout == "9\n"


def test_the_other_abi_of_the_machine_is_closed(inmate: Sandbox) -> None:
    if platform.machine() == "x86_64":
        assert errors(inmate, [[seccomp.X32 | 39]]) == [errno.ENOSYS]
    assert inmate.commands.run("true").exit_code == 0


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_program_ends_every_way_it_can_go(machine: str) -> None:
    program = seccomp.program(machine)
    assert program
    steps = list(struct.iter_unpack("=HBBI", program))
    assert len(steps) < 4096
    assert steps[-1] == (seccomp.RETURN, 0, 0, seccomp.ALLOW)
    jumps = (seccomp.JUMP_EQUAL, seccomp.JUMP_GREATER_EQUAL, seccomp.JUMP_SET)
    for position, (code, if_true, if_false, _) in enumerate(steps):
        assert code not in jumps or position + 1 + max(if_true, if_false) < len(steps)


def test_unknown_machines_have_no_program() -> None:
    assert seccomp.program("riscv64") is None
