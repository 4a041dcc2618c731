"""What changed between two states of a project's files."""

import difflib
from collections.abc import Mapping

from backend.domain import FileChange, FileStatus


def file_change(path: str, before: bytes | None, after: bytes | None, sha256: str | None) -> FileChange:
    """One file's change with its unified diff; `sha256` is the new content's."""
    status = FileStatus.ADDED if before is None else FileStatus.DELETED if after is None else FileStatus.MODIFIED
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        return FileChange(path=path, status=status, added=0, removed=0, diff="", sha256=sha256)
    diff = [_whole(line) for line in list(difflib.unified_diff(old, new, n=3))[2:]]
    return FileChange(
        path=path,
        status=status,
        added=sum(line.startswith("+") for line in diff),
        removed=sum(line.startswith("-") for line in diff),
        diff="".join(diff),
        sha256=sha256,
    )


def changed_paths(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Paths whose content differs between two manifests, sorted."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _lines(content: bytes | None) -> list[str] | None:
    """The text's lines; None for binary content."""
    if content is None:
        return []
    if b"\0" in content:
        return None
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _whole(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
