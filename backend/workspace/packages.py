"""Packages from the registry: which names are allowed, what a project needs, what its sandbox has."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence

from backend.workspace.paths import PROJECT_DIR
from backend.workspace.sandbox import Sandbox

_PACKAGE = re.compile(r"(@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*(@[A-Za-z0-9^~<>=.*+-]+)?")
_VERSION = re.compile(r'node_modules/(.+)/package\.json:"version": *"([^"]+)"')
MAX_NAMES = 30

NPM_INSTALL = "npm install --no-audit --no-fund --no-progress --loglevel=error"


def unusable(names: Sequence[str]) -> str | None:
    """Why these are not all names of registry packages, for the model; None when they are."""
    if not names:
        return "No package was named."
    if len(names) > MAX_NAMES:
        return f"{len(names)} packages at once are too many; add at most {MAX_NAMES}."
    for name in names:
        if len(name) > 214 or not _PACKAGE.fullmatch(name):
            return (
                f"{name!r} is not the name of a registry package. Use `name`, `@scope/name` or `name@version`; "
                "flags, addresses, folders and git repositories are not accepted."
            )
    return None


def add_command(names: Sequence[str]) -> str:
    return f"{NPM_INSTALL} --save-exact -- {shlex.join(names)}"


def needed(files: Mapping[str, bytes]) -> dict[str, str | None]:
    """Package → version the lock file names, of every direct dependency; empty when package.json cannot be read."""
    manifest, lock = _parsed(files.get("package.json")), _parsed(files.get("package-lock.json"))
    names = {*_section(manifest, "dependencies"), *_section(manifest, "devDependencies")}
    locked = _section(lock, "packages")
    return {name: _section(locked, f"node_modules/{name}").get("version") for name in sorted(names)}


async def missing(sandbox: Sandbox, files: Mapping[str, bytes], project_dir: str = PROJECT_DIR) -> list[str]:
    """Direct dependencies that the sandbox lacks, or has in another version than the lock file names."""
    wanted = {name: version for name, version in needed(files).items() if _PACKAGE.fullmatch(name)}
    manifests = shlex.join(f"node_modules/{name}/package.json" for name in wanted)
    found = await sandbox.shell(
        f'grep -HoEm1 \'"version": *"[^"]+"\' {manifests} /dev/null 2> /dev/null', cwd=project_dir
    )
    here: dict[str, str] = {}
    for match in _VERSION.finditer(found.stdout):
        here.setdefault(match[1], match[2])
    return [name for name, version in wanted.items() if name not in here or version not in (None, here[name])]


def _parsed(content: bytes | None) -> Mapping:
    try:
        parsed = json.loads(content or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _section(parsed: Mapping, name: str) -> Mapping:
    section = parsed.get(name)
    return section if isinstance(section, dict) else {}
