"""E2B's JavaScript SDK, installed once into the user's cache."""

import sys
from pathlib import Path

from platformdirs import user_cache_path

from backend.workspace.provision_folder import built
from backend.workspace.provision_node import Node, node_runtime, npm_ci
from backend.workspace.starter import digest

HERE = Path(__file__).parent
CLIENT = HERE / "client.mjs"


def installed() -> tuple[Node, Path]:
    """Node and the folder with `node_modules`. Raises `Unavailable` with what to do without Node or network."""
    node = node_runtime()
    lock = (HERE / "package-lock.json").read_bytes()
    target = user_cache_path("codeflow") / "tests" / f"e2b-{digest(node.version, sys.platform, lock)}"
    return node, built(target, lambda draft: npm_ci(node, HERE, draft, "E2B's JavaScript SDK", _quiet), _quiet)


def _quiet(message: str, fraction: float | None) -> None:
    return
