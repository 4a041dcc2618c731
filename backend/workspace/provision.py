"""Prepare everything the embedded sandbox host needs, once, into the cache directory.

Five parts, each keyed by a hash of what it is made from, so that a changed template or a new Node builds anew and an unchanged one is at hand
in milliseconds: the starter's packages, the runtime scripts, a browser, the compiler's warm cache, and the host template that joins them.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from backend.config import Settings
from backend.workspace.provision_browser import browser_for, browser_present, find_browser
from backend.workspace.provision_folder import Progress, built, disk_errors, no_room
from backend.workspace.provision_node import Node, node_runtime, npm_ci, npm_config
from backend.workspace.provision_template import HostTemplate
from backend.workspace.provision_warm import warm_cache
from backend.workspace.starter import RUNTIME, STARTER, digest, runtime_files, starter_files

__all__ = ["Progress", "find_browser", "find_node", "provision", "provisioned"]

_NEEDED_BYTES = 1_500_000_000
_COMMANDS = {"npm": "npm-cli.js", "npx": "npx-cli.js"}


def find_node() -> Path:
    """The Node.js program. Raises `Unavailable` with what to do when it is missing."""
    return node_runtime().executable


def provision(settings: Settings, progress: Progress) -> Path:
    """The host template's directory, prepared if need be: seconds to a minute the first time, milliseconds later.

    Blocks; `progress` is called from the same thread. Raises `Unavailable` when there is no Node, no network or no room; what was finished before
    stays, nothing half-written does.
    """
    node = node_runtime()
    if not provisioned(settings):
        _room(settings)
    packages = built(
        _packages(settings, node),
        lambda draft: npm_ci(node, STARTER, draft, "Next.js and its packages", progress),
        progress,
    )
    runtime = built(_runtime(settings, node), lambda draft: _build_runtime(node, draft, progress), progress)
    browser = browser_for(settings, node, progress)
    template = HostTemplate(node, packages / "node_modules", runtime, browser, npm_config(node))
    compiled = built(
        _compiled(settings, packages), lambda draft: _compile(settings, template, draft, progress), progress
    )
    return built(_sandbox(settings, template, compiled), lambda draft: _lay_out(template, compiled, draft), progress)


def provisioned(settings: Settings) -> bool:
    """Whether the next start needs no download. Raises `Unavailable` without Node."""
    node = node_runtime()
    return _packages(settings, node).is_dir() and _runtime(settings, node).is_dir() and browser_present(settings)


def _packages(settings: Settings, node: Node) -> Path:
    manifests = [(STARTER / name).read_bytes() for name in ("package.json", "package-lock.json")]
    return settings.cache_dir / f"packages-{digest(node.version, sys.platform, *manifests)}"


def _runtime(settings: Settings, node: Node) -> Path:
    return settings.cache_dir / f"runtime-{digest(node.version, *runtime_files().values())}"


def _build_runtime(node: Node, draft: Path, progress: Progress) -> None:
    npm_ci(node, RUNTIME, draft, "the checks' browser driver", progress)
    for name, content in runtime_files().items():
        (draft / name).write_bytes(content)
    # The wheel's own npm and npx commands do not find their modules.
    commands = draft / "bin"
    commands.mkdir()
    (commands / "node").symlink_to("/opt/node/bin/node")
    for name, script in _COMMANDS.items():
        path = commands / name
        path.write_text(f'#!/bin/sh\nexec /opt/node/bin/node /opt/node/lib/node_modules/npm/bin/{script} "$@"\n')
        path.chmod(0o755)


def _compiled(settings: Settings, packages: Path) -> Path:
    return settings.cache_dir / f"compiled-{digest(packages.name, (RUNTIME / 'warm.cjs').read_bytes(), *_starter())}"


def _compile(settings: Settings, template: HostTemplate, draft: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix="warming-", dir=settings.cache_dir) as folder:
        template.write(Path(folder), warming=True)
        warm_cache(settings, Path(folder), draft, progress)


def _sandbox(settings: Settings, template: HostTemplate, compiled: Path) -> Path:
    return settings.cache_dir / f"sandbox-{digest(template.json(warming=False), compiled.name, *_starter())}"


def _lay_out(template: HostTemplate, compiled: Path, draft: Path) -> None:
    template.write(draft, warming=False)
    # Links, not copies: each sandbox gets a copy of its own.
    shutil.copytree(compiled / ".next", template.app(draft) / ".next", symlinks=True, copy_function=os.link)


def _starter() -> list[bytes | str]:
    return [part for path, content in starter_files().items() for part in (path, content)]


def _room(settings: Settings) -> None:
    with disk_errors(settings.cache_dir):
        settings.cache_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.cache_dir).free < _NEEDED_BYTES:
        raise no_room(settings.cache_dir)
