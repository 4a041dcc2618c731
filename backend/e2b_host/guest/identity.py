"""Giving up root's uid and every capability, for good."""

import ctypes
import os
import struct

PR_CAPBSET_DROP = 24
SETGID, SETUID, SETPCAP = 6, 7, 8
CAPABILITY_VERSION = 0x20080522


def become(uid: int) -> None:
    """Be `uid`, in its group alone; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (SETGID, SETUID, SETPCAP):
        _check(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _check(libc.capset(struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24)))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
