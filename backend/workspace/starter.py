"""What sandboxes are made from: the starter project every new project begins with, and the scripts that serve and check it."""

import hashlib
from functools import cache
from pathlib import Path

from backend.config import ROOT

STARTER = ROOT / "template" / "starter"
RUNTIME = ROOT / "template" / "runtime"

_GENERATED_DIRS = {"node_modules", ".next", "out"}
_GENERATED_FILES = {"next-env.d.ts", ".DS_Store"}


@cache
def _files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if _is_source(root, path)
    }


def _is_source(root: Path, path: Path) -> bool:
    generated = _GENERATED_DIRS.intersection(path.relative_to(root).parts)
    left_out = path.name in _GENERATED_FILES or path.suffix == ".tsbuildinfo" or path.name.startswith(".env")
    return path.is_file() and not generated and not left_out


def starter_files() -> dict[str, bytes]:
    """Project-relative path → content, always in the same order; what the dev server or npm writes is left out."""
    return dict(_files(STARTER))


def runtime_files() -> dict[str, bytes]:
    """File name → content of the scripts, with the manifests of what they need."""
    names = [*sorted(path.name for path in RUNTIME.glob("*.cjs")), "package.json", "package-lock.json"]
    return {name: (RUNTIME / name).read_bytes() for name in names}


@cache
def template_version() -> str:
    """Sixteen hex digits that change with whatever a sandbox is made from."""
    parts = [part for files in (runtime_files(), starter_files()) for file in files.items() for part in file]
    return digest(*parts)


def digest(*parts: bytes | str) -> str:
    """Sixteen hex digits that change when any part does."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "big"))
        sha.update(data)
    return sha.hexdigest()[:16]
