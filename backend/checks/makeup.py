"""What each page is made of: one whose digest is what it was when its buttons were last pressed need not be pressed again."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from posixpath import dirname, join, normpath

from backend.workspace.routes import page_files, shells_of

_CODE = re.compile(r"\.(?:[cm]?[jt]sx?|mdx|s?css)$")
_QUOTED = re.compile(rb"""["'`]([^"'`\s]{1,300})["'`]|url\(\s*([^"'()\s]+)\s*\)""")
_COMPUTED = re.compile(rb"""\b(?:import|require)\s*\((?!\s*["'][^"']*["']\s*[,)])""")
_ACTIONS = re.compile(rb"""["']use server["']""")
_SLOT = re.compile(r"/(?:@|\(\.)")
"""Pages beside pages: which of them a route shows, the folders alone do not tell."""
_ENDINGS = ("", ".tsx", ".ts", ".jsx", ".js", ".mjs", ".json", ".css", ".mdx", "/index.tsx", "/index.ts", "/index.js")
_LOADED = re.compile(r"^(?:src/)?(?:(?:app|pages)/|[^/]+$)")
"""Where Next.js looks for code by itself; elsewhere, what nothing imports is not run."""
_ALIASES = ({}, {"@/*": ["./*"]}, {"@/*": ["./src/*"]})


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """By route, a digest of every file its page may depend on: what it and its layouts import, and what all depend on.

    That is what no page imports (configuration, route handlers, public files, data) and server actions, with what these
    import; and the whole project, where imports cannot be told from the files.
    """
    known = {path: hashlib.sha256(content).digest() for path, content in files.items()}
    routes = page_files(files)
    if not _plain(files):
        return {route: _digest(files, known) for route in routes.values() if route}
    imports = {path: _imported(path, content, files) for path, content in files.items() if _CODE.search(path)}
    pages = {path: _reached([path, *shells_of(path, files)], imports) for path in routes}
    of_pages = set[str]().union(*pages.values())
    apart = [path for path in files if path not in of_pages and (path not in imports or _LOADED.match(path))]
    shared = _reached([*apart, *(path for path in imports if _ACTIONS.search(files[path]))], imports)
    return {route: _digest(pages[path] | shared, known) for path, route in routes.items() if route}


def _plain(files: Mapping[str, bytes]) -> bool:
    """Whether imports can be told from the files."""
    if any(_SLOT.search(path) or (_CODE.search(path) and _COMPUTED.search(files[path])) for path in files):
        return False
    try:
        options = json.loads(files.get("tsconfig.json", b"{}")).get("compilerOptions", {})
        return "imports" not in json.loads(files.get("package.json", b"{}")) and (
            "baseUrl" not in options and options.get("paths", {}) in _ALIASES
        )
    except (ValueError, AttributeError):  # comments, or no object
        return False


def _imported(path: str, content: bytes, files: Mapping[str, bytes]) -> set[str]:
    """The project's files that quoted words name."""
    found: set[str] = set()
    for match in _QUOTED.finditer(content):
        words = (match[1] or match[2]).decode(errors="replace").partition("?")[0]
        if words.startswith("@/"):
            targets = [words[2:], join("src", words[2:])]
        elif words.startswith("."):
            targets = [join(dirname(path), words)]
        else:
            continue
        found |= {file for target in targets for end in _ENDINGS if (file := normpath(target) + end) in files}
    return found


def _reached(paths: Iterable[str], imports: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += imports.get(path, ())
    return reached


def _digest(paths: Iterable[str], known: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(path.encode() + b"\0" + known[path])
    return whole.hexdigest()
