"""What a program in a sandbox asks of the proxy, read strictly: what could be read in two ways is refused."""

import re
from dataclasses import dataclass

from .addresses import parse
from .allowlist import Destination

LINE = re.compile(r"([A-Z]{3,10}) (\S{1,8192}) HTTP/1\.[01]")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)")
AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?)(?::([0-9]{1,5}))?")
NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
HOP = ("host", "proxy-connection", "connection", "proxy-authorization", "keep-alive", "te", "trailer", "upgrade")


class BadRequest(Exception):
    """Not a request for a proxy; the message says what is wrong."""


@dataclass(frozen=True)
class ProxyRequest:
    method: str
    to: Destination
    path: str
    """Empty for CONNECT."""
    headers: tuple[tuple[str, str], ...]
    """Without those between the program and this proxy, and without `Host`."""
    body: int
    """Bytes that follow the head."""

    @property
    def tunnel(self) -> bool:
        return self.method == "CONNECT"

    @property
    def authority(self) -> str:
        return str(self.to).removesuffix(":80")

    def head(self, target: str, *more: tuple[str, str]) -> bytes:
        """The head to send on, for one request only: a kept-alive connection could name another host next."""
        headers = (("Host", self.authority), *self.headers, *more, ("Connection", "close"))
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def read(head: bytes) -> ProxyRequest:
    """Raises `BadRequest`."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    line = LINE.fullmatch(first)
    if not line:
        raise BadRequest("the request line is malformed")
    method, url = line[1], line[2]
    headers = [_header(line) for line in lines]
    if method == "CONNECT":
        return ProxyRequest(method, _destination(url, None), "", (), 0)
    if not url.lower().startswith("http://"):
        raise BadRequest("only http:// addresses and CONNECT are served")
    authority, slash, path = url[len("http://") :].partition("/")
    if "?" in authority or "#" in url:
        raise BadRequest("the address is malformed")
    kept = tuple((name, value) for name, value in headers if name.lower() not in HOP)
    return ProxyRequest(method, _destination(authority, 80), slash + path or "/", kept, _body(headers))


def _header(line: str) -> tuple[str, str]:
    found = HEADER.fullmatch(line)
    if not found:
        raise BadRequest("a header is malformed")
    return found[1], found[2].strip()


def _body(headers: list[tuple[str, str]]) -> int:
    sizes = [value for name, value in headers if name.lower() == "content-length"]
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        raise BadRequest("a body needs its Content-Length, and no Transfer-Encoding")
    if len(sizes) > 1 or (sizes and not re.fullmatch(r"[0-9]{1,15}", sizes[0])):
        raise BadRequest("Content-Length is malformed")
    return int(sizes[0]) if sizes else 0


def _destination(authority: str, default_port: int | None) -> Destination:
    found = AUTHORITY.fullmatch(authority.lower())
    port = int(found[2] or default_port or 0) if found else 0
    if not found or not 0 < port < 65536:
        raise BadRequest("the address must be a host and a port, and no more")
    host = found[1].removesuffix(".")
    if host.startswith("["):
        return Destination(_address(host[1:-1]), port)
    if NUMBER.fullmatch(host.rpartition(".")[2]):  # what the resolver would take for an address in one of its forms
        return Destination(_address(host), port)
    return Destination(host, port)


def _address(text: str) -> str:
    try:
        return str(parse(text))
    except ValueError:
        raise BadRequest("an address must be written in its usual form") from None
