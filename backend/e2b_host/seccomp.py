"""Which system calls code in a sandbox may make: a filter in classic BPF, for bubblewrap to load.

Refused is what no web development needs and where kernels have had their holes: loading code into the kernel, mounting,
namespaces, keyrings, other processes' memory, asynchronous rings, rare kinds of sockets. Calls newer than their fallback
in libc answer "not implemented", so that programs fall back; the others "not permitted".
"""

import errno
import platform
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LOAD, AND, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCH, ARGUMENTS = 0, 4, 16
"""Offsets in `struct seccomp_data`; an argument takes 8 bytes."""
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
X32 = 0x40000000
NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
STREAM, DATAGRAM, KIND = 1, 2, 0xF
PROTOCOLS = (0, 1, 6, 17, 58)
"""Of the internet sockets: the kind's own, ICMP, TCP, UDP, ICMPv6."""
PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Linux, with and without an older version's number; and the question which one it is."""
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
SHARED_SEGMENT = 65536
"""Bytes of the largest System V segment: nobody but its cgroup could count a larger one that no process has mapped."""

Program = list[tuple[int, int, int, int]]
"""Instructions: code, jump if true, jump if false, operand."""


@dataclass(frozen=True)
class Machine:
    audit: int
    """AUDIT_ARCH_…"""
    calls: dict[str, int]


_X86_64 = {
    "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
    "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "swapon": 167, "swapoff": 168, "reboot": 169, "syslog": 103, "acct": 163, "quotactl": 179, "quotactl_fd": 443,
    "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305, "adjtimex": 159, "iopl": 172, "ioperm": 173,
    "process_vm_readv": 310, "process_vm_writev": 311, "process_madvise": 440, "kcmp": 312, "pidfd_getfd": 438,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "unshare": 272, "setns": 308, "clone": 56,
    "clone3": 435, "personality": 135, "ioctl": 16, "socket": 41, "shmget": 29, "fallocate": 285,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "mount_setattr": 442, "open_tree_attr": 467, "statmount": 457, "listmount": 458, "fanotify_init": 300,
    "lookup_dcookie": 212, "vhangup": 153, "nfsservctl": 180, "uselib": 134, "ustat": 136, "sysfs": 139, "_sysctl": 156,
    "modify_ldt": 154, "migrate_pages": 256, "move_pages": 279, "mbind": 237, "set_mempolicy": 238,
    "sethostname": 170, "setdomainname": 171, "create_module": 174, "get_kernel_syms": 177, "query_module": 178,
    "memfd_secret": 447, "lsm_set_self_attr": 460,
}  # fmt: skip
_AARCH64 = {
    "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
    "kexec_load": 104, "kexec_file_load": 294, "init_module": 105, "finit_module": 273, "delete_module": 106,
    "name_to_handle_at": 264, "open_by_handle_at": 265, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51,
    "swapon": 224, "swapoff": 225, "reboot": 142, "syslog": 116, "acct": 89, "quotactl": 60, "quotactl_fd": 443,
    "settimeofday": 170, "clock_settime": 112, "clock_adjtime": 266, "adjtimex": 171,
    "process_vm_readv": 270, "process_vm_writev": 271, "process_madvise": 440, "kcmp": 272, "pidfd_getfd": 438,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "unshare": 97, "setns": 268, "clone": 220,
    "clone3": 435, "personality": 92, "ioctl": 29, "socket": 198, "shmget": 194, "fallocate": 47,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "mount_setattr": 442, "open_tree_attr": 467, "statmount": 457, "listmount": 458, "fanotify_init": 262,
    "lookup_dcookie": 18, "vhangup": 58, "nfsservctl": 42, "migrate_pages": 238, "move_pages": 239, "mbind": 235,
    "set_mempolicy": 237, "sethostname": 161, "setdomainname": 162, "memfd_secret": 447, "lsm_set_self_attr": 460,
}  # fmt: skip
MACHINES = {"x86_64": Machine(0xC000003E, _X86_64), "aarch64": Machine(0xC00000B7, _AARCH64)}

NOT_IMPLEMENTED = (
    "clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "open_tree", "move_mount", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "open_tree_attr", "statmount", "listmount", "process_vm_readv",
    "process_vm_writev", "process_madvise", "pidfd_getfd", "memfd_secret", "lsm_set_self_attr",
)  # fmt: skip
BY_ARGUMENT = ("clone", "personality", "ioctl", "socket", "shmget", "fallocate")


def program(machine: str | None = None) -> bytes | None:
    """The filter for bubblewrap's `--seccomp`; None for a kind of machine that has none. `machine`: default, this one."""
    found = MACHINES.get(machine or platform.machine())
    return _encode(_filter(found)) if found else None


def _filter(machine: Machine) -> Program:
    calls = machine.calls
    refused = [
        (number, errno.ENOSYS if name in NOT_IMPLEMENTED else errno.EPERM)
        for name, number in calls.items()
        if name not in BY_ARGUMENT
    ]
    program: Program = [(LOAD, 0, 0, ARCH), (JUMP_EQUAL, 1, 0, machine.audit), _refuse(errno.ENOSYS)]
    program += [(LOAD, 0, 0, NUMBER), (JUMP_GREATER_EQUAL, 0, 1, X32), _refuse(errno.ENOSYS)]
    program += [step for number, error in refused for step in ((JUMP_EQUAL, 0, 1, number), _refuse(error))]
    program += _call(calls["clone"], [_argument(0), (JUMP_SET, 0, 1, NAMESPACES), _refuse(errno.EPERM)])
    program += _call(calls["personality"], [_argument(0), *_unless(PERSONALITIES, errno.EPERM)])
    tty = [step for request in (TIOCSTI, TIOCLINUX) for step in ((JUMP_EQUAL, 0, 1, request), _refuse(errno.EPERM))]
    program += _call(calls["ioctl"], [_argument(1), *tty])
    program += _call(calls["socket"], _socket())
    shared = [_argument(1, high=True), *_unless((0,), errno.EINVAL), _argument(1)]
    program += _call(calls["shmget"], [*shared, (JUMP_GREATER_EQUAL, 0, 1, SHARED_SEGMENT + 1), _refuse(errno.EINVAL)])
    # A sandbox takes disk only as fast as it writes, so that it can be stopped before the host's disk is full.
    program += _call(calls["fallocate"], [_refuse(errno.EOPNOTSUPP)])
    return [*program, (RETURN, 0, 0, ALLOW)]


def _socket() -> Program:
    netlink = [_argument(2), *_unless((0,), errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    internet = [_argument(1), (AND, 0, 0, KIND), *_unless((STREAM, DATAGRAM), errno.EPERM)]
    internet += [_argument(2), *_unless(PROTOCOLS, errno.EPROTONOSUPPORT), (RETURN, 0, 0, ALLOW)]
    steps = [_argument(0), (JUMP_EQUAL, 0, 1, UNIX), (RETURN, 0, 0, ALLOW)]
    steps += [(JUMP_EQUAL, 0, len(netlink), NETLINK), *netlink]
    steps += [(JUMP_EQUAL, 1, 0, INET), (JUMP_EQUAL, 0, len(internet), INET6), *internet]
    return [*steps, _refuse(errno.EAFNOSUPPORT)]


def _call(number: int, steps: Sequence[tuple[int, int, int, int]]) -> Program:
    """`steps` for one system call, which is allowed when they come to no answer."""
    return [(JUMP_EQUAL, 0, len(steps) + 1, number), *steps, (RETURN, 0, 0, ALLOW)]


def _unless(values: Iterable[int], error: int) -> Program:
    """Go on when what is loaded is one of `values`."""
    values = list(values)
    return [*((JUMP_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)), _refuse(error)]


def _argument(index: int, *, high: bool = False) -> tuple[int, int, int, int]:
    return (LOAD, 0, 0, ARGUMENTS + 8 * index + 4 * high)


def _refuse(error: int) -> tuple[int, int, int, int]:
    return (RETURN, 0, 0, ERRNO | error)


def _encode(program: Program) -> bytes:
    return b"".join(struct.pack("=HBBI", *step) for step in program)
