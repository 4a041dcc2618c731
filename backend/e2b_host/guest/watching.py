"""Directory watchers on inotify."""

import asyncio
import contextlib
import ctypes
import os
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from typing import ClassVar

from .accounts import Account, resolve
from .entries import entry
from .wire import CallError, Message, reply

LIBC = ctypes.CDLL(None, use_errno=True)
MODIFY, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE, DELETE_SELF, MOVE_SELF = (
    2,
    4,
    0x40,
    0x80,
    0x100,
    0x200,
    0x400,
    0x800,
)
IS_DIR = 0x40000000
MASK = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
KINDS = (
    ("EVENT_TYPE_CREATE", CREATE | MOVED_TO),
    ("EVENT_TYPE_RENAME", MOVED_FROM | MOVE_SELF),
    ("EVENT_TYPE_CHMOD", ATTRIB),
    ("EVENT_TYPE_WRITE", MODIFY),
    ("EVENT_TYPE_REMOVE", DELETE | DELETE_SELF),
)
MAX_PENDING = 100_000


class Watcher:
    all: ClassVar[dict[str, "Watcher"]] = {}

    def __init__(self, message: Message, who: Account, sink: Callable[[Message], None] | None = None) -> None:
        self.path = resolve(message.get("path", ""), who)
        if not os.path.exists(self.path):
            raise CallError("not_found", f"path {self.path} not found")
        if not os.path.isdir(self.path):
            raise CallError("invalid_argument", f"path {self.path} not a directory")
        self.recursive = bool(message.get("recursive"))
        self.with_entry = bool(message.get("includeEntry"))
        self.sink = sink
        self.pending: list[Message] = []
        self.folders: dict[int, str] = {}
        self.fd = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise CallError("resource_exhausted", "the system's limit of inotify watchers is reached")
        self._add(self.path, announce=False)
        self.id = "w" + os.urandom(8).hex()
        Watcher.all[self.id] = self
        asyncio.get_running_loop().add_reader(self.fd, self.drain)

    def drain(self) -> None:
        """Take in what the kernel has reported so far."""
        while True:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                watch, mask, _, length = struct.unpack_from("iIII", data, at)
                name = data[at + 16 : at + 16 + length].rstrip(b"\0")
                at += 16 + length
                if folder := self.folders.get(watch):
                    self._take(os.path.join(folder, os.fsdecode(name)) if name else folder, mask)

    def _take(self, path: str, mask: int) -> None:
        for kind, bits in KINDS:
            if mask & bits:
                self._emit(path, kind)
        if self.recursive and mask & IS_DIR and mask & (CREATE | MOVED_TO):
            self._add(path, announce=True)

    def _add(self, path: str, *, announce: bool) -> None:
        watch = LIBC.inotify_add_watch(self.fd, os.fsencode(path), MASK)
        if watch < 0:
            return
        self.folders[watch] = path
        if not self.recursive:
            return
        with contextlib.suppress(OSError):
            for name in os.listdir(path):
                child = os.path.join(path, name)
                if announce:
                    self._emit(child, "EVENT_TYPE_CREATE")
                if os.path.isdir(child) and not os.path.islink(child):
                    self._add(child, announce=announce)

    def _emit(self, path: str, kind: str) -> None:
        event: Message = {"name": os.path.relpath(path, self.path), "type": kind}
        if self.with_entry and kind in ("EVENT_TYPE_CREATE", "EVENT_TYPE_WRITE", "EVENT_TYPE_CHMOD"):
            with contextlib.suppress(CallError, OSError):
                event["entry"] = entry(path)
        if self.sink:
            self.sink(event)
        elif len(self.pending) < MAX_PENDING:
            self.pending.append(event)

    def close(self) -> None:
        if Watcher.all.pop(self.id, None):
            asyncio.get_running_loop().remove_reader(self.fd)
            os.close(self.fd)


def drain_all() -> None:
    """So that a change made by a call is reported before the call's own reply."""
    for watcher in list(Watcher.all.values()):
        watcher.drain()


def _find(message: Message) -> Watcher:
    watcher = Watcher.all.get(message.get("watcherId", ""))
    if watcher is None:
        raise CallError("not_found", f"watcher with id {message.get('watcherId')} not found")
    return watcher


def create(message: Message, who: Account) -> Message:
    return {"watcherId": Watcher(message, who).id}


def events(message: Message, who: Account) -> Message:
    watcher = _find(message)
    watcher.drain()
    taken, watcher.pending = watcher.pending, []
    return {"events": taken}


def remove(message: Message, who: Account) -> Message:
    _find(message).close()
    return {}


async def watch(message: Message, who: Account, reader: StreamReader, writer: StreamWriter, keepalive_s: float) -> None:
    """Stream events until the caller hangs up."""
    watcher = Watcher(message, who, lambda event: reply(writer, {"filesystem": event}))
    hung_up = asyncio.ensure_future(reader.read())
    try:
        reply(writer, {"start": {}})
        while not hung_up.done():
            await asyncio.wait({hung_up}, timeout=keepalive_s)
            if not hung_up.done():
                reply(writer, {"keepalive": {}})
    finally:
        hung_up.cancel()
        watcher.close()
