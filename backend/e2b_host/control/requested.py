"""A body of `create` or `network` as what is asked of a sandbox."""

import ipaddress
import re
from typing import Any

from ..request import DEFAULT_TIMEOUT_S, NetworkRules, Request
from .bodies import BadRequest, flag, inner, seconds, strings, text, texts

NAME = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
CLOUD = {
    "iam": "workload identities",
    "volumeMounts": "volumes",
}
"""Parts of E2B's cloud that no single machine has."""
PROXIED = {
    "rules": "rewriting of requests that leave a sandbox",
    "egressProxy": "proxies for what leaves a sandbox",
    "httpsPorts": "HTTPS between the host and a sandbox's port",
}


def wanted(body: dict[str, Any]) -> Request:
    """What `create` asks for; raises `BadRequest`, also for what this host does not have."""
    _refuse(body, CLOUD)
    resumes = flag(inner(body, "autoResume"), "enabled", False)
    keeps_memory = flag(body, "autoPauseMemory", True)
    if resumes and not keeps_memory:
        raise BadRequest("autoResume needs a pause with memory: leave autoPauseMemory out, or connect to resume")
    return Request(
        metadata=strings(body, "metadata"),
        envs=_variables(strings(body, "envVars")),
        timeout_s=seconds(body, "timeout", DEFAULT_TIMEOUT_S),
        internet=flag(body, "allow_internet_access", True),
        secure=flag(body, "secure", True),
        network=network(inner(body, "network")),
        pause_on_timeout=flag(body, "autoPause", False),
        pause_keeps_memory=keeps_memory,
        auto_resume=resumes,
    )


def network(body: dict[str, Any]) -> NetworkRules:
    _refuse(body, PROXIED)
    mask = text(body, "maskRequestHost")
    if mask and not re.fullmatch(r"[\w.:${}\[\]-]{1,255}", mask):
        raise BadRequest("maskRequestHost must be a host, with ${PORT} for the port")
    return NetworkRules(
        allow_out=_destinations(body, "allowOut", names=True),
        deny_out=_destinations(body, "denyOut", names=False),
        allow_public_traffic=flag(body, "allowPublicTraffic", True),
        mask_request_host=mask,
    )


def _destinations(body: dict[str, Any], key: str, *, names: bool) -> tuple[str, ...]:
    found = texts(body, key)
    for destination in found:
        if not (_is_address(destination) or (names and NAME.fullmatch(destination))):
            kinds = "addresses, CIDR blocks and host names" if names else "addresses and CIDR blocks"
            raise BadRequest(f"{key} takes {kinds}, and {destination!r} is none")
    return found


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _variables(envs: dict[str, str]) -> dict[str, str]:
    for name in envs:
        if not name or "=" in name:
            raise BadRequest(f"envVars: {name!r} cannot be a variable's name")
    return envs


def _refuse(body: dict[str, Any], lacking: dict[str, str]) -> None:
    for key, what in lacking.items():
        if body.get(key):
            raise BadRequest(f"{key}: this host has no {what}; E2B's own service does")
