"""envd's `process.Process` calls on processes that run already."""

import asyncio
import contextlib
import signal

from .accounts import Account
from .processes import Process
from .wire import CallError, Message

SIGNALS = {"SIGNAL_SIGKILL": signal.SIGKILL, "SIGNAL_SIGTERM": signal.SIGTERM, 9: signal.SIGKILL, 15: signal.SIGTERM}
REAP_S = 2.0


def find(message: Message) -> Process:
    selector = message.get("process") or {}
    for process in Process.all.values():
        if ("pid" in selector and process.pid == selector["pid"]) or (
            "tag" in selector and process.tag == selector["tag"]
        ):
            return process
    raise CallError("not_found", f"process with {selector} not found")


def list_all(message: Message, who: Account) -> Message:
    found = [{"config": p.config, "pid": p.pid, **({"tag": p.tag} if p.tag else {})} for p in Process.all.values()]
    return {"processes": found}


async def send_signal(message: Message, who: Account) -> Message:
    process = find(message)
    number = SIGNALS.get(message.get("signal", ""))
    if number is None:
        raise CallError("unimplemented", f"invalid signal: {message.get('signal')}")
    process.signal(number)
    if number == signal.SIGKILL:  # answered once reaped: a caller that looks right after must not find it
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.reaped.wait(), REAP_S)
    return {}


def update(message: Message, who: Account) -> Message:
    find(message).resize(message.get("pty") or {})
    return {}


async def send_input(message: Message, who: Account) -> Message:
    await find(message).feed(message.get("input") or {})
    return {}


def close_stdin(message: Message, who: Account) -> Message:
    find(message).close_stdin()
    return {}
