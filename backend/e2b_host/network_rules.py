"""What a client asked of its sandbox's network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkRules:
    """Destinations are IP addresses, CIDR blocks or, where allowed, names such as `example.com` and `*.example.com`.

    A destination that is both allowed and denied is allowed; all stays within what the host lets its sandboxes reach.
    """

    allow_out: tuple[str, ...] = ()
    deny_out: tuple[str, ...] = ()
    allow_public_traffic: bool = True
    """False: a request to one of the sandbox's ports needs its traffic token."""
    mask_request_host: str | None = None
    """The `Host` header that requests to its ports carry; `${PORT}` stands for the port."""
