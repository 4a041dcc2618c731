"""Who uses what a file exports, and which names or routes a change takes from under its users."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from backend.diffs import text_of

_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs")
_DECLARED = re.compile(
    r"^export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\*?|const|let|var|class|type|interface|enum)\s+(\w+)",
    re.M,
)
_DEFAULT = re.compile(r"^export\s+default\b", re.M)
_LISTED = re.compile(r"^export\s+(?:type\s+)?\{([^}]*)\}", re.M)
_IMPORTED = re.compile(
    r"^\s*(?:import|export)\s+(?:type\s+)?(?P<what>[^'\";]*?)\s*from\s*['\"](?P<source>[^'\"]+)['\"]", re.M
)
_PAGE = re.compile(r"^app/(?:(?P<folder>.*)/)?page\.[jt]sx?$")
_MOST = 4


def broken_references(before: Mapping[str, bytes], after: Mapping[str, bytes], paths: list[str]) -> list[str]:
    """What the files `paths` offered before and no longer do, though others still use it: a sentence each, for the model."""
    said: list[str] = []
    for path in paths:
        if path.endswith(_SCRIPTS) and (gone := exports(before.get(path)) - exports(after.get(path))):
            said += _missed(path, gone, after)
        if path not in after and (page := _PAGE.match(path)) and (route := _route(page["folder"] or "")):
            users = [user for user, content in after.items() if _links(content, route)]
            if users:
                said.append(f"The page {route} is gone, and {_list(users)} still links to it.")
    return said


def exports(content: bytes | None) -> set[str]:
    """The names a module exports, `default` among them."""
    text = text_of(content or b"") or ""
    found = set(_DECLARED.findall(text))
    for listed in _LISTED.findall(text):
        found |= {entry.split(" as ")[-1].strip().removeprefix("type ") for entry in listed.split(",") if entry.strip()}
    return found | {"default"} if _DEFAULT.search(text) else found


def _missed(path: str, gone: set[str], files: Mapping[str, bytes]) -> list[str]:
    users: dict[str, list[str]] = {}
    for user, content in files.items():
        if user == path or not user.endswith(_SCRIPTS):
            continue
        for name in sorted(_taken(user, text_of(content) or "", path) & gone):
            users.setdefault(name, []).append(user)
    return [
        f"{'The default export' if name == 'default' else f'`{name}`'} was exported from {path} and is imported by {_list(by)}."
        for name, by in sorted(users.items())
    ]


def _taken(user: str, text: str, path: str) -> set[str]:
    """The names that `user` imports from `path`."""
    taken: set[str] = set()
    for found in _IMPORTED.finditer(text):
        if not _means(user, found["source"], path):
            continue
        alone, brace, listed = found["what"].partition("{")
        taken |= {
            entry.strip().removeprefix("type ").split(" as ")[0] for entry in listed.rstrip("} \n").split(",") if brace
        }
        if alone.strip(" ,") and not alone.strip().startswith("*"):
            taken.add("default")
    return taken - {""}


def _means(user: str, source: str, path: str) -> bool:
    if source.startswith("@/"):
        target = source.removeprefix("@/")
    elif source.startswith("."):
        parts: list[str] = []
        for part in (*PurePosixPath(user).parent.parts, *source.split("/")):
            if part == "..":
                parts = parts[:-1]
            elif part not in (".", ""):
                parts.append(part)
        target = "/".join(parts)
    else:
        return False
    stem = path.rsplit(".", 1)[0]
    return target in (path, stem, stem.removesuffix("/index"))


def _route(folder: str) -> str | None:
    """A page's address; None when it is the first page, or has parameters."""
    parts = [part for part in folder.split("/") if part and not part.startswith(("(", "@"))]
    return None if not parts or any(part.startswith("[") for part in parts) else "/" + "/".join(parts)


def _links(content: bytes, route: str) -> bool:
    return re.search(rf"""["'`]{re.escape(route)}["'`?#]""", text_of(content) or "") is not None


def _list(users: list[str]) -> str:
    more = f" and {len(users) - _MOST} more" if len(users) > _MOST else ""
    return ", ".join(users[:_MOST]) + more
