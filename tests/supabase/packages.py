"""The npm packages of the test project, installed once into the user's cache."""

import sys
from pathlib import Path

from platformdirs import user_cache_path

from backend.workspace.provision_folder import Progress, built
from backend.workspace.provision_node import Node, node_runtime, npm_ci
from backend.workspace.starter import digest

HERE = Path(__file__).parent


def installed() -> tuple[Node, Path]:
    """Node and the `node_modules` folder. Raises `Unavailable` with what to do when there is no Node or no network."""
    node = node_runtime()
    lock = (HERE / "package-lock.json").read_bytes()
    target = user_cache_path("codeflow") / "tests" / f"supabase-{digest(node.version, sys.platform, lock)}"
    folder = built(target, lambda draft: npm_ci(node, HERE, draft, "the Supabase test server", _tell_once()), _tell)
    return node, folder / "node_modules"


def _tell(message: str, fraction: float | None) -> None:
    print(f"{message} …", file=sys.stderr, flush=True)


def _tell_once() -> Progress:
    told = set[str]()

    def tell(message: str, fraction: float | None) -> None:
        if message not in told:
            told.add(message)
            _tell(message, fraction)

    return tell
