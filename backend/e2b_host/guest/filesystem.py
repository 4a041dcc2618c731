"""envd's `filesystem.Filesystem` calls."""

import os

from .accounts import Account, resolve
from .entries import entry
from .wire import CallError, Message

MAX_ENTRIES = 200_000


def make_parents(path: str) -> None:
    try:
        os.makedirs(path, 0o755, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise CallError("internal", f"path is a file: {path}") from None


def stat_path(message: Message, who: Account) -> Message:
    return {"entry": entry(resolve(message.get("path", ""), who))}


def list_dir(message: Message, who: Account) -> Message:
    asked = resolve(message.get("path", ""), who)
    if not os.path.exists(asked):
        raise CallError("not_found", f"path not found: {asked}")
    real = os.path.realpath(asked)
    if not os.path.isdir(real):
        raise CallError("invalid_argument", f"path is not a directory: {real}")
    found: list[Message] = []
    _walk(real, asked, int(message.get("depth") or 1), found)
    return {"entries": found}


def _walk(folder: str, shown: str, depth: int, found: list[Message]) -> None:
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        try:
            found.append(entry(path, os.path.join(shown, name)))
        except CallError:
            continue
        if len(found) > MAX_ENTRIES:
            raise CallError("resource_exhausted", f"more than {MAX_ENTRIES} entries under {shown}: ask for less depth")
        if depth > 1 and os.path.isdir(path) and not os.path.islink(path):
            _walk(path, os.path.join(shown, name), depth - 1, found)


def make_dir(message: Message, who: Account) -> Message:
    path = resolve(message.get("path", ""), who)
    if os.path.isdir(path):
        raise CallError("already_exists", f"directory already exists: {path}")
    if os.path.lexists(path):
        raise CallError("invalid_argument", f"path already exists but it is not a directory: {path}")
    make_parents(path)
    return {"entry": entry(path)}


def move(message: Message, who: Account) -> Message:
    source = resolve(message.get("source", ""), who)
    destination = resolve(message.get("destination", ""), who)
    make_parents(os.path.dirname(destination))
    try:
        os.rename(source, destination)
    except FileNotFoundError:
        raise CallError("not_found", f"source file not found: {source}") from None
    return {"entry": entry(destination)}


def remove(message: Message, who: Account) -> Message:
    path = resolve(message.get("path", ""), who)
    if os.path.isdir(path) and not os.path.islink(path):
        import shutil  # only here: its archivers would slow the start of every sandbox

        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)
    return {}
