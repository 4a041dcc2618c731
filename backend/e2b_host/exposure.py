"""Which host names are answered, and to whom."""

import ipaddress
import re
from dataclasses import dataclass

from .routing import ENVD_PORT

LOCALHOST = "localhost"
MAX_PORT = 65535
PREVIEW = re.compile(r"([1-9]\d{0,4})-([a-z0-9]+)\.(.+)")


@dataclass(frozen=True)
class Exposure:
    """`domain`: what preview host names end in, perhaps with a port. `bind`: the address listened on.

    Previews are for whoever knows their name. The control plane and the sandboxes' own calls are for this machine,
    unless `api` is true: then whoever has the key may ask from anywhere.
    """

    domain: str
    bind: str
    api: bool = False

    def preview(self, host: str) -> tuple[str, int] | None:
        """The sandbox's id and port a `Host` names: of this host's domain, or of localhost."""
        named = PREVIEW.fullmatch(_name(host))
        if not named or named[3] not in (_name(self.domain), LOCALHOST):
            return None
        port = int(named[1])
        return None if port > MAX_PORT or port == ENVD_PORT else (named[2], port)

    def allows_api(self, host: str, peer: str) -> bool:
        """Whether a request for something else than a preview is answered.

        A proxy on this machine speaks for others, and a website may point a name of its own at 127.0.0.1: hence the name.
        """
        return self.api or ((_loopback(peer) or peer == self.bind) and self._own(_name(host)))

    def _own(self, name: str) -> bool:
        return name == LOCALHOST or name.endswith(f".{LOCALHOST}") or name == self.bind or _loopback(name)


def _name(host: str) -> str:
    return re.sub(r":\d+$", "", host.lower()).strip("[]").rstrip(".")


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
