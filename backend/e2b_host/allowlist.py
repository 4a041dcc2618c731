"""Whom sandboxes may reach: what the host allows, and of that what a sandbox's own rules leave."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from .addresses import METADATA_NAMES, Address, never, parse, private
from .request import Request

PORTS = (80, 443)


class Refused(Exception):
    """The request may not leave; the message says why."""


@dataclass(frozen=True)
class Destination:
    host: str
    """A name in lower case without the final dot, or an address."""
    port: int

    @property
    def address(self) -> Address | None:
        try:
            return parse(self.host)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class AllowList:
    """`entries`, each admitting the ports 80 and 443, or the one port it names after a colon:

    - `name`, or `.name` for every name under it, or `*` for every name: as long as they are public addresses
    - `name:port`, `address`, `address:port` and `[address]:port`: may be private ones, for they are named on purpose

    Metadata services, link-local and multicast addresses are never admitted.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        self._entries = frozenset(_plain(entry) for entry in entries if entry)

    def admit(self, to: Destination) -> bool:
        """Whether it may be a private address. Raises `Refused`."""
        if to.host in METADATA_NAMES or (to.address and never(to.address)):
            raise Refused(f"{to.host} is a metadata service or a link-local address, which no sandbox may reach")
        if str(to) in self._entries:
            return True
        if to.port in PORTS:
            if to.host in self._entries:
                return to.address is not None
            if "*" in self._entries or any(entry[0] == "." and to.host.endswith(entry) for entry in self._entries):
                return False
        raise Refused(f"{to} is not on the sandbox host's allow-list")


def check(to: Destination, addresses: Sequence[Address], *, private_too: bool) -> None:
    """Raises `Refused` when one of the addresses a name stands for must not be reached."""
    for address in addresses:
        if never(address):
            raise Refused(f"{to.host} resolves to {address}, which no sandbox may reach")
        if not private_too and private(address):
            raise Refused(
                f"{to.host} resolves to the private address {address}; the host must name {to}, with the port, for that"
            )


def permitted(asked: Request, to: Destination, addresses: Sequence[Address]) -> list[Address]:
    """Those of a destination's addresses that the sandbox's own rules leave; raises `Refused` when none is left."""
    rules = asked.network
    if any(_names(rule, to.host) for rule in rules.allow_out):
        return list(addresses)
    left = [address for address in addresses if any(_holds(rule, address) for rule in rules.allow_out)]
    if not left and not asked.internet:
        raise Refused("this sandbox was created without internet access")
    if not left and rules.allow_out:
        raise Refused(f"{to.host} is not among what this sandbox is allowed to reach")
    if not left:
        left = [address for address in addresses if not any(_holds(rule, address) for rule in rules.deny_out)]
    if not left and addresses:
        raise Refused(f"{to.host} is denied to this sandbox")
    return left


def unresolved(asked: Request, to: Destination) -> None:
    """The same where only a proxy further on can resolve the name: rules about addresses then refuse it."""
    named = any(_names(rule, to.host) for rule in asked.network.allow_out)
    if not named and (not asked.internet or asked.network.allow_out or asked.network.deny_out):
        raise Refused(f"{to.host} cannot be resolved here, so this sandbox's network rules cannot be held")


def _names(rule: str, host: str) -> bool:
    rule = _plain(rule)
    return rule == host or (rule.startswith("*.") and host.endswith(rule[1:]))


def _holds(rule: str, address: Address) -> bool:
    if rule == "0.0.0.0/0":  # E2B's name for all traffic
        return True
    try:
        network = ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address) in network


def _plain(name: str) -> str:
    return name.strip().lower().removesuffix(".")
