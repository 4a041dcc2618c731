"""Which sandbox, if any, a request is for."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from .channel import NOT_FOUND, GuestError
from .machine import BootError
from .names import same_secret
from .sandbox import Sandbox
from .sandboxes import NoRoom, Sandboxes
from .signing import signed_by

ENVD_PORT = 49983
TRAFFIC_TOKEN = "e2b-traffic-access-token"
"""The header that opens the ports of a sandbox whose traffic is not public."""
HOST = re.compile(r"^(\d{1,5})-([a-z0-9]+)\.")


@dataclass(frozen=True)
class Target:
    sandbox_id: str
    port: int
    by_host: bool


class Router:
    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    def target(self, request: Request) -> Target | None:
        """As E2B's proxy: by the host name `<port>-<id>.…`, else by the SDK's headers; None for the control plane.

        A signed file URL on the shared address names no sandbox: the one whose token made the signature is meant.
        """
        if named := HOST.match(request.headers.get("host", "").lower()):
            return Target(named[2], int(named[1]), by_host=True)
        if sandbox_id := request.headers.get("e2b-sandbox-id"):
            port = request.headers.get("e2b-sandbox-port", "")
            return Target(sandbox_id, int(port) if port.isdigit() else ENVD_PORT, by_host=False)
        if request.url.path == "/files" and request.query_params.get("signature"):
            signers = (sandbox.id for sandbox in self._sandboxes if signed_by(sandbox, request))
            return Target(next(signers, "unknown"), ENVD_PORT, by_host=False)
        return None

    async def running(self, sandbox_id: str) -> Sandbox:
        """The sandbox, awake when it may be woken; raises `GuestError`."""
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox and sandbox.state == "paused" and sandbox.request.auto_resume:
            try:
                await sandbox.resume(sandbox.request.timeout_s)
            except (BootError, NoRoom) as error:
                raise GuestError("unavailable", f"the sandbox is paused and cannot wake: {error}") from error
        if sandbox is None or not sandbox.usable:
            raise GuestError("unavailable", NOT_FOUND)
        return sandbox

    def get(self, sandbox_id: str) -> Sandbox | None:
        return self._sandboxes.get(sandbox_id)


def admits(sandbox: Sandbox, traffic_token: str) -> bool:
    """Whether a request with this traffic token may reach the sandbox's ports."""
    if sandbox.request.network.allow_public_traffic:
        return True
    return sandbox.traffic_token is not None and same_secret(traffic_token, sandbox.traffic_token)


def inner_host(sandbox: Sandbox, port: int, host: str) -> str:
    """The `Host` a request to the sandbox's port carries inside."""
    mask = sandbox.request.network.mask_request_host
    return mask.replace("${PORT}", str(port)) if mask else host
