"""Who a call acts as, and where its relative paths start."""

import os
import pwd
from functools import cache
from typing import NamedTuple

from .places import moved, real
from .wire import CallError


class Account(NamedTuple):
    name: str
    home: str


@cache
def account(name: str | None) -> Account:
    """The named account of the sandbox, else `user`. The jail has one uid: accounts differ in home and name only."""
    if moved():
        return Account(name or "user", real("/root" if name == "root" else "/home/user"))
    try:
        entry = pwd.getpwnam(name or "user")
    except KeyError:
        raise CallError("unauthenticated", f"invalid username: '{name}'") from None
    return Account(entry.pw_name, entry.pw_dir)


def resolve(path: str, who: Account) -> str:
    """`path` as an absolute path: `~` and relative ones start at the account's home."""
    if "\0" in path:
        raise CallError("invalid_argument", "a path must not contain a NUL byte")
    if path.startswith("~"):
        if len(path) > 1 and path[1] != "/":
            raise CallError("invalid_argument", "cannot expand user-specific home dir")
        path = who.home + path[1:]
    return os.path.normpath(os.path.join(who.home, real(path)))
