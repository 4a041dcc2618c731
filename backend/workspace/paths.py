"""Which paths belong to a project, and which its agents may touch."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from backend.workspace import PathRefused

PROJECT_DIR = "/home/user/app"
"""Where a project stands in every sandbox."""

RESERVED = frozenset({"node_modules", ".next", ".git"})
"""Folders that tools keep; never part of a project, at any depth."""

_GENERATED = re.compile(r"(^|/)(next-env\.d\.ts|[^/]*\.tsbuildinfo)$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_PATH = 240
_MAX_STARS = 8


def project_path(path: str) -> str:
    """The path relative to the project, normal and with forward slashes.

    `./app/page.tsx` and `/home/user/app/app/page.tsx` both mean `app/page.tsx`. Raises `PathRefused`.
    """
    if not path.strip() or _CONTROL.search(path):
        raise PathRefused(f"{path!r} is not a file name. Name a file relative to the project, like `app/page.tsx`.")
    if len(path.encode()) > _MAX_PATH:
        raise PathRefused(f"The path is longer than {_MAX_PATH} bytes: {path[:80]}… Choose a shorter one.")
    inside = path.strip().replace("\\", "/").removeprefix(PROJECT_DIR + "/")
    if inside.startswith(("/", "~")):
        raise PathRefused(f"`{path}` is outside the project. Name a file relative to the project, like `app/page.tsx`.")
    parts: list[str] = []
    for part in PurePosixPath(inside).parts:
        if part == ".." and not parts:
            raise PathRefused(f"`{path}` leaves the project. Name a file relative to the project.")
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    if not parts:
        raise PathRefused(f"`{path}` is the project itself, not a file in it.")
    for part in parts:
        if part in RESERVED:
            raise PathRefused(f"`{path}` is not to be touched: `{part}` belongs to the tools that make it.")
        if part.startswith(".env"):
            raise PathRefused(f"`{path}` is not to be touched: projects keep no environment files.")
    return "/".join(parts)


def refused(path: str) -> bool:
    """Whether `project_path` would not give the path back as it is."""
    try:
        return project_path(path) != path
    except PathRefused:
        return True


def generated(path: str) -> bool:
    """Whether Next.js or TypeScript writes the file by itself, so that its changes are nobody's."""
    return bool(_GENERATED.search(path))


def folders(paths: Iterable[str]) -> set[str]:
    """Every folder the files stand in, without the project's root."""
    return {str(parent) for path in paths for parent in PurePosixPath(path).parents if str(parent) != "."}


def glob_pattern(glob: str) -> re.Pattern[str]:
    """`*` within a folder, `**` across folders, `{a,b}` either; a glob without a slash matches in every folder.

    Raises `PathRefused` for more stars than a match can be bounded for.
    """
    if glob.count("*") > _MAX_STARS:
        raise PathRefused(f"The glob has more than {_MAX_STARS} stars. Use a simpler one, like `**/*.tsx`.")
    if "/" not in glob:
        glob = f"**/{glob}"
    pattern, depth, i = "", 0, 0
    while i < len(glob):
        if glob.startswith("**/", i):
            pattern, i = pattern + "(?:[^/]+/)*", i + 3
            continue
        char = glob[i]
        i += 1
        if char == "*":
            starry = glob.startswith("*", i)
            pattern, i = pattern + (".*" if starry else "[^/]*"), i + starry
        elif char == "?":
            pattern += "[^/]"
        elif char == "{":
            pattern, depth = pattern + "(?:", depth + 1
        elif char == "}" and depth:
            pattern, depth = pattern + ")", depth - 1
        elif char == "," and depth:
            pattern += "|"
        else:
            pattern += re.escape(char)
    return re.compile(f"^{pattern}{')' * depth}$")
