"""The proxy this machine itself must use to reach the internet, as `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name it."""

import asyncio
import base64
import os
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from .allowlist import Destination


@dataclass(frozen=True)
class Upstream:
    host: str
    port: int
    authorization: str | None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return (("Proxy-Authorization", self.authorization),) if self.authorization else ()

    async def open(self) -> tuple[StreamReader, StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)

    async def tunnel(self, to: Destination) -> tuple[StreamReader, StreamWriter]:
        """Raises OSError when the proxy refuses."""
        reader, writer = await self.open()
        headers = "".join(f"{name}: {value}\r\n" for name, value in (("Host", str(to)), *self.headers))
        writer.write(f"CONNECT {to} HTTP/1.1\r\n{headers}\r\n".encode("latin-1"))
        try:
            status = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].decode("latin-1")
        except asyncio.IncompleteReadError:
            status = "it hung up"
        if status.split(" ")[1:2] != ["200"]:
            writer.close()
            raise OSError(f"this machine's proxy refused the connection ({status})")
        return reader, writer


def upstream(to: Destination, *, tunnel: bool, environment: Mapping[str, str] = os.environ) -> Upstream | None:
    """The proxy for a destination; None where it is reached directly, as this machine and proxies of other kinds are."""
    names = {name.lower(): value for name, value in environment.items() if value}
    url = urlsplit(names.get("https_proxy" if tunnel else "http_proxy", ""))
    if url.scheme != "http" or not url.hostname:
        return None
    if _direct(to, names.get("no_proxy", "")):
        return None
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if url.username else None
    return Upstream(url.hostname, url.port or 80, authorization)


def _direct(to: Destination, no_proxy: str) -> bool:
    if to.host == "localhost" or (to.address and to.address.is_loopback):
        return True
    entries = [entry.strip().lower().removeprefix("*").lstrip(".") for entry in no_proxy.split(",") if entry.strip()]
    return any(entry in ("", to.host, str(to)) or to.host.endswith(f".{entry}") for entry in entries)
