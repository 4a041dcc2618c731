"""Sandboxes, snapshots and templates in the shapes of E2B's API."""

from datetime import UTC, datetime
from typing import Any

from ..limits import Limits
from ..sandbox import Sandbox
from ..snapshots import Snapshot
from ..templates import Template

ENVD_VERSION = "0.6.13"
"""The envd whose behaviour the guest follows; the SDK chooses its calls by it."""


class Views:
    def __init__(self, domain: str, limits: Limits, cpu_count: int) -> None:
        self._domain = domain
        self._limits = limits
        self._cpu_count = cpu_count

    def brief(self, sandbox: Sandbox) -> dict[str, Any]:
        """What a client needs to speak to the sandbox."""
        shown: dict[str, Any] = {
            **self._named(sandbox),
            "trafficAccessToken": sandbox.traffic_token,
            "domain": self._domain,
        }
        if sandbox.request.secure:
            shown["envdAccessToken"] = sandbox.token
        return shown

    def listed(self, sandbox: Sandbox) -> dict[str, Any]:
        return {
            **self._named(sandbox),
            "state": state(sandbox),
            "startedAt": iso(sandbox.started_at),
            "endAt": iso(sandbox.ends_at),
            "metadata": dict(sandbox.request.metadata),
            **self._size(),
        }

    def detail(self, sandbox: Sandbox) -> dict[str, Any]:
        request = sandbox.request
        rules = request.network
        network: dict[str, Any] = {
            "allowPublicTraffic": rules.allow_public_traffic,
            "allowOut": list(rules.allow_out),
            "denyOut": list(rules.deny_out),
        }
        if rules.mask_request_host:
            network["maskRequestHost"] = rules.mask_request_host
        paused = {"pauseMode": "full" if sandbox.frozen else "filesystem"} if sandbox.state == "paused" else {}
        return {
            **self.listed(sandbox),
            **self.brief(sandbox),
            **paused,
            "allowInternetAccess": request.internet,
            "network": network,
            "lifecycle": {
                "onTimeout": "pause" if request.pause_on_timeout else "kill",
                "autoResume": request.auto_resume,
            },
        }

    def snapshot(self, snapshot: Snapshot) -> dict[str, Any]:
        return {"snapshotID": snapshot.id, "names": list(snapshot.names)}

    def template(self, template: Template, since: float) -> dict[str, Any]:
        return {
            "templateID": template.name,
            "buildID": template.name,
            "public": False,
            "aliases": [template.name],
            "names": [template.name],
            "createdAt": iso(since),
            "updatedAt": iso(since),
            "createdBy": None,
            "lastSpawnedAt": None,
            "spawnCount": 0,
            "buildCount": 1,
            "envdVersion": ENVD_VERSION,
            "buildStatus": "ready",
            **self._size(),
        }

    def _named(self, sandbox: Sandbox) -> dict[str, Any]:
        return {
            "templateID": sandbox.plan.template.name,
            "alias": sandbox.plan.template.name,
            "sandboxID": sandbox.id,
            "clientID": "local",
            "envdVersion": ENVD_VERSION,
        }

    def _size(self) -> dict[str, int]:
        return {
            "cpuCount": self._cpu_count,
            "memoryMB": self._limits.memory_mb,
            "diskSizeMB": self._limits.disk_mb,
        }


def state(sandbox: Sandbox) -> str:
    return "paused" if sandbox.state == "paused" else "running"


def iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
