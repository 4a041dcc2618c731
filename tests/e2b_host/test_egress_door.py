"""The egress door by itself, with servers of one's own behind it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from backend.e2b_host import egress
from backend.e2b_host.addresses import never, parse, private
from backend.e2b_host.allowlist import AllowList, Destination, Refused, check
from backend.e2b_host.egress import Egress
from backend.e2b_host.layout import Layout
from backend.e2b_host.request import NetworkRules, Request

Ask = Callable[[str], Awaitable[str]]


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = f"{self.requestline}\n{self.headers}{body.decode()}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def origin() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


class Door:
    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.layout.sockets.mkdir(parents=True)
        self.request = Request()

    async def ask(self, allowed: list[str], text: str) -> str:
        """What comes back through a door with this allow-list."""
        way_out = Egress(self.layout, allowed)
        path = await way_out.open_door("it", lambda _: self.request)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(text.encode("latin-1"))
        answer = (await reader.read()).decode("latin-1")
        writer.close()
        way_out.close_door("it")
        return answer


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return Door(tmp_path / "data")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each name resolves to; the first time only, as an attacker's name server would have it."""
    answers: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        found = [(2, 1, 6, "", (address, port)) for address in answers]
        answers[:] = ["169.254.169.254"]
        return found

    monkeypatch.setattr(egress.socket, "getaddrinfo", resolve)
    return answers


async def test_origin_is_told_the_host_that_was_admitted(door: Door, origin: int) -> None:
    headers = "Host: evil.example\r\nX-Own: 1\r\nProxy-Authorization: secret\r\nConnection: keep-alive, x\r\n"
    answer = await door.ask([f"127.0.0.1:{origin}"], f"GET http://127.0.0.1:{origin}/a?b HTTP/1.1\r\n{headers}\r\n")
    told = answer.partition("\r\n\r\n")[2]
    assert told.splitlines()[:3] == ["GET /a?b HTTP/1.1", f"Host: 127.0.0.1:{origin}", "X-Own: 1"]
    assert "evil" not in told
    assert "secret" not in told
    assert "Connection: close" in told


async def test_second_request_behind_the_first_goes_nowhere(door: Door, origin: int) -> None:
    first = f"POST http://127.0.0.1:{origin}/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
    answer = await door.ask([f"127.0.0.1:{origin}"], first + "GET /second HTTP/1.1\r\nHost: evil\r\n\r\n")
    assert answer.count("HTTP/1.1 200") == 1
    assert answer.endswith("body")


async def test_name_is_looked_up_once_and_connected_to_as_checked(door: Door, origin: int, resolver: list[str]) -> None:
    resolver[:] = ["127.0.0.1"]
    request = f"GET http://registry.internal:{origin}/ HTTP/1.1\r\n\r\n"
    assert "200 OK" in await door.ask([f"registry.internal:{origin}"], request)
    assert "which no sandbox may reach" in await door.ask([f"registry.internal:{origin}"], request)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["100.64.0.1"], ["::1"]])
async def test_name_listed_without_a_port_must_be_public(door: Door, resolver: list[str], addresses: list[str]) -> None:
    for allowed in ("app.example.com", ".example.com", "*"):
        resolver[:] = addresses
        answer = await door.ask([allowed], "CONNECT app.example.com:443 HTTP/1.1\r\n\r\n")
        assert "resolves to the private address" in answer


async def test_a_head_that_never_ends_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "HEAD_S", 0.05)
    assert await door.ask(["*"], "GET http://example.com/ HTTP/1.1\r\nx: ") == ""
    assert await door.ask(["*"], "GET http://example.com/ HTTP/1.1\r\n" + "x: y\r\n" * 9000) == ""


@pytest.mark.parametrize(
    ("rules", "internet", "refusal"),
    [
        (NetworkRules(deny_out=("127.0.0.0/8",)), True, "is denied"),
        (NetworkRules(deny_out=("0.0.0.0/0",)), True, "is denied"),
        (NetworkRules(allow_out=("10.0.0.0/8", "*.example.com")), True, "not among what"),
        (NetworkRules(), False, "without internet access"),
        (NetworkRules(allow_out=("127.0.0.1",), deny_out=("0.0.0.0/0",)), False, "200 OK"),
        (NetworkRules(allow_out=("10.0.0.0/8",), deny_out=("127.0.0.1",)), True, "not among what"),
    ],
)
async def test_rules_of_a_sandbox(door: Door, origin: int, rules: NetworkRules, internet: bool, refusal: str) -> None:
    door.request = Request(internet=internet, network=rules)
    request = f"GET http://127.0.0.1:{origin}/ HTTP/1.1\r\n\r\n"
    assert refusal in await door.ask([f"127.0.0.1:{origin}"], request)


@pytest.fixture
async def company(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """A proxy that this machine must use: notes the heads it is sent, and answers by itself."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nby the proxy")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://me:p%40ss@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    monkeypatch.setenv("HTTP_PROXY", address)
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setenv("NO_PROXY", ".internal, 127.0.0.1")
    yield heads
    server.close()


async def test_machines_own_proxy_is_used_for_what_it_is_meant_for(door: Door, origin: int, company: list[str]) -> None:
    """A name that only the proxy can resolve is left to it; what NO_PROXY names is not."""
    tunnel = "CONNECT registry.invalid:443 HTTP/1.1\r\n\r\n"
    assert (await door.ask(["registry.invalid:443"], tunnel)).endswith("by the proxy")
    plain = "GET http://registry.invalid/x HTTP/1.1\r\n\r\n"
    assert (await door.ask(["registry.invalid:80"], plain)).endswith("by the proxy")
    assert [head.splitlines()[0] for head in company] == [
        "CONNECT registry.invalid:443 HTTP/1.1",
        "GET http://registry.invalid/x HTTP/1.1",
    ]
    assert all("Proxy-Authorization: Basic bWU6cEBzcw==" in head for head in company)
    own = f"GET http://127.0.0.1:{origin}/ HTTP/1.1\r\n\r\n"
    assert "200 OK" in await door.ask([f"127.0.0.1:{origin}"], own)
    assert "not on the sandbox host's allow-list" in await door.ask(["registry.invalid:443"], plain)
    door.request = Request(network=NetworkRules(deny_out=("10.0.0.0/8",)))
    assert "cannot be resolved here" in await door.ask(["registry.invalid:443"], tunnel)
    assert len(company) == 2


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
        "fd20:ce::254", "fe80::1", "fe80::a9fe:a9fe%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255",
    ],
)  # fmt: skip
def test_addresses_that_are_never_reached(address: str) -> None:
    assert never(parse(address))
    host = str(parse(address))
    with pytest.raises(Refused, match="no sandbox may reach"):
        AllowList([host, f"{host}:80", "*"]).admit(Destination(host, 80))
    with pytest.raises(Refused, match="no sandbox may reach"):
        check(Destination("named.example", 80), [parse("1.1.1.1"), parse(address)], private_too=True)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1", "::1", "fc00::1"]
)
def test_private_addresses_are_reached_when_they_are_named(address: str) -> None:
    assert private(parse(address))
    assert not never(parse(address))
    to = Destination(address, 4873)
    assert AllowList([str(to)]).admit(to)
    with pytest.raises(Refused, match="not on the sandbox host's allow-list"):
        AllowList(["*", address]).admit(to)
    with pytest.raises(Refused, match="private address"):
        check(Destination("named.example", 443), [parse(address)], private_too=False)


async def test_refusals_without_end_do_not_fill_the_log(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(egress, "MAX_TOLD", 3)
    way_out = Egress(door.layout, [])
    path = await way_out.open_door("it", lambda _: door.request)
    with caplog.at_level("INFO", "backend.e2b_host.egress"):
        for n in range(6):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(f"GET http://10.0.0.{n}/ HTTP/1.1\r\n\r\n".encode())
            assert b"403" in await reader.read()
            writer.close()
    way_out.close_door("it")
    assert [message.count("10.0.0.") > 0 for message in caplog.messages] == [True, True, True, False]
    assert "not logged" in caplog.messages[-1]
