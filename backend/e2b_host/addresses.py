"""Which internet addresses a sandbox may never reach, and which only when the operator names them."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA_NAMES = frozenset(("metadata.google.internal", "metadata.goog", "metadata", "instance-data.ec2.internal"))
"""Names by which clouds serve a machine's own credentials."""
NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",  # this machine, by another name
            "169.254.0.0/16",  # link-local: most clouds' metadata
            "100.100.100.200/32",  # Alibaba's
            "168.63.129.16/32",  # Azure's
            "192.0.0.192/32",  # Oracle's
            "224.0.0.0/3",  # multicast, reserved, broadcast
            "::/128",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            "fd00:ec2::/32",  # Amazon's
            "fd20:ce::/32",  # Google's
            "fd00:42::/32",  # Scaleway's
        ),
    )
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def parse(text: str) -> Address:
    """Raises ValueError."""
    return ipaddress.ip_address(text.split("%")[0])


def never(address: Address) -> bool:
    """Metadata of clouds, link-local, multicast and addresses that stand for others: not even when named."""
    return any(inner in network for inner in _inside(address) for network in NEVER if network.version == inner.version)


def private(address: Address) -> bool:
    """Not of the public internet: loopback, private, carrier-grade NAT."""
    return any(not inner.is_global for inner in _inside(address))


def _inside(address: Address) -> list[Address]:
    """The address, and the one of version 4 it carries."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return [address.ipv4_mapped]
        if address.sixtofour:
            found.append(address.sixtofour)
        if address.teredo:
            found += address.teredo
        if address in NAT64:
            return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return found
