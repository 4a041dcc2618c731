"""What a client may ask of a sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_TIMEOUT_S = 300


@dataclass(frozen=True)
class NetworkRules:
    """Whom a sandbox may reach, and who may reach it; E2B's names."""

    allow_out: tuple[str, ...] = ()
    """Host names (`*.` for all under one), addresses and CIDR blocks; these go before `deny_out`."""
    deny_out: tuple[str, ...] = ()
    """Addresses and CIDR blocks."""
    allow_public_traffic: bool = True
    """False: previews need the sandbox's traffic token."""
    mask_request_host: str | None = None
    """The `Host` that requests to the sandbox's ports carry, `${PORT}` being the port."""


@dataclass(frozen=True)
class Request:
    """What a client asked for in `create`."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    envs: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = DEFAULT_TIMEOUT_S
    internet: bool = True
    secure: bool = True
    """False: calls into the sandbox need no access token."""
    network: NetworkRules = field(default_factory=NetworkRules)
    pause_on_timeout: bool = False
    pause_keeps_memory: bool = True
    """Whether the pause on time-out does."""
    auto_resume: bool = False
