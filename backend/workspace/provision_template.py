"""The directory the embedded host makes sandboxes from: the starter's files, what is mounted, the environment, the start command."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.workspace.layout import APP, PORT, RUNTIME, START, environment
from backend.workspace.provision_browser import IN_SANDBOX as CHROMIUM
from backend.workspace.provision_browser import Browser
from backend.workspace.provision_node import Node
from backend.workspace.starter import starter_files

NODE = "/opt/node"
_CERTIFICATES = "/opt/certificates"


@dataclass(frozen=True)
class HostTemplate:
    node: Node
    packages: Path
    """The shared `node_modules`."""
    runtime: Path
    browser: Browser
    npm: Mapping[str, str]
    """`registry`, and `cafile` if one is set."""

    def write(self, folder: Path, *, warming: bool) -> None:
        """Lay the template out in `folder`."""
        app = self.app(folder)
        for path, content in starter_files().items():
            (app / path).parent.mkdir(parents=True, exist_ok=True)
            (app / path).write_bytes(content)
        if authority := self._authority():
            target = folder / "files" / _CERTIFICATES.lstrip("/")
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(authority, target / "ca.pem")
        (folder / "template.json").write_text(self.json(warming=warming))

    @staticmethod
    def app(folder: Path) -> Path:
        """Where the project's files are in a template laid out in `folder`."""
        return folder / "files" / APP.lstrip("/")

    def json(self, *, warming: bool) -> str:
        return json.dumps(
            {
                "files": "files",
                "mounts": self._mounts(),
                "envs": self._environment(warming),
                "start_cmd": f"cd {APP} && exec {START}",
                "ready_port": PORT,
            },
            indent=2,
        )

    def _mounts(self) -> list[dict[str, Any]]:
        mounts = [
            {"source": str(self.packages), "target": f"{APP}/node_modules", "mode": "overlay"},
            {"source": str(self.runtime), "target": RUNTIME, "mode": "ro"},
            {"source": str(self.node.root), "target": NODE, "mode": "ro"},
        ]
        if self.browser.mount:
            mounts.append({"source": str(self.browser.mount), "target": CHROMIUM, "mode": "ro"})
        return mounts

    def _environment(self, warming: bool) -> dict[str, str]:
        variables = environment(self.browser.executable) | {"npm_config_registry": self.npm["registry"]}
        if self._authority():
            variables |= {
                "NODE_EXTRA_CA_CERTS": f"{_CERTIFICATES}/ca.pem",
                "npm_config_cafile": f"{_CERTIFICATES}/ca.pem",
            }
        if warming:
            # Write the compiler's cache early and often; sandboxes only read it.
            return variables | {
                "TURBO_ENGINE_SNAPSHOT_MIN_ACTIVE_TIME_MILLIS": "0",
                "TURBO_ENGINE_SNAPSHOT_IDLE_TIMEOUT_MILLIS": "300",
            }
        return variables | {"TURBO_ENGINE_READ_ONLY": "1"}

    def _authority(self) -> Path | None:
        """Certificates this machine trusts beyond the usual, for example a company's own."""
        named = self.npm.get("cafile") or os.environ.get("NODE_EXTRA_CA_CERTS")
        return Path(named) if named and Path(named).is_file() else None
