"""Previews on other machines: a domain of their own, a proxy that ends TLS in front, and nothing else let out."""

import asyncio
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2b import Sandbox
from websockets.asyncio.client import connect

from backend.e2b_host.exposure import Exposure

from .conftest import Host, start_host
from .test_previews_wire import PORT, run_app


@dataclass
class Team:
    host: Host
    sandbox: Sandbox
    port: int
    tls: ssl.SSLContext

    async def get(self, name: str, path: str, *fields: str) -> tuple[int, bytes]:
        """GET by TLS, as the proxy passes it on."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, server_hostname=name)
        lines = [f"GET {path} HTTP/1.1", f"Host: {name}:{self.port}", "Connection: close", *fields, "", ""]
        writer.write("\r\n".join(lines).encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), body


def end_tls(listener: socket.socket, context: ssl.SSLContext, to: int) -> None:
    """A reverse proxy: TLS outside, plain bytes inside."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer), return_exceptions=True)

    async def run() -> None:
        server = await asyncio.start_server(serve, sock=listener, ssl=context)
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder: Path = tmp_path_factory.mktemp("team")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    files = ("-keyout", str(key), "-out", str(certificate))
    names = ("-subj", "/CN=previews.test", "-addext", "subjectAltName=DNS:*.previews.test")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names, *files)
    subprocess.run(made, check=True, capture_output=True)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    host = start_host(folder, "--domain", f"previews.test:{port}", "--bind", "0.0.0.0")
    end_tls(listener, served, int(host.url.rsplit(":", 1)[1]))
    sandbox = host.create()
    run_app(host, sandbox)
    yield Team(host, sandbox, port, ssl.create_default_context(cafile=str(certificate)))
    sandbox.kill()
    assert host.stop() == 0


@pytest.mark.sandbox
async def test_a_preview_and_its_websocket_are_reached_through_tls(team: Team) -> None:
    name = f"{PORT}-{team.sandbox.sandbox_id}.previews.test"
    assert team.sandbox.get_host(PORT) == f"{name}:{team.port}"
    status, body = await team.get(name, "/said", "X-Forwarded-Proto: https")
    fields = json.loads(body)["fields"]
    assert (status, fields["host"], fields["x-forwarded-proto"]) == (200, f"{name}:{team.port}", "https")
    async with connect(
        f"wss://{name}:{team.port}/", host="127.0.0.1", port=team.port, ssl=team.tls, close_timeout=0.1
    ) as websocket:
        await websocket.send("hot reload")
        assert await websocket.recv() == "HOT RELOAD"


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["49983-{id}.previews.test", "api.previews.test", "4000-{id}.sub.previews.test"])
async def test_neither_the_api_nor_the_sandboxes_own_calls_leave_by_the_proxy(team: Team, name: str) -> None:
    known = name.replace("{id}", team.sandbox.sandbox_id)
    team.tls.check_hostname = False
    key = f"X-API-KEY: {team.host.facts['api_key']}"
    for path in ("/health", "/v2/sandboxes", "/files?path=/etc/hostname"):
        status, body = await team.get(known, path, key, f"E2b-Sandbox-Id: {team.sandbox.sandbox_id}")
        assert (status, json.loads(body)["code"]) == (421, 421)


@pytest.mark.parametrize(
    ("host", "peer", "allowed"),
    [
        ("127.0.0.1:3900", "127.0.0.1", True),
        ("localhost:3900", "127.0.0.1", True),
        ("[::1]:3900", "::1", True),
        ("49983-iabc.localhost:3900", "127.0.0.1", True),
        ("127.0.0.1:3900", "192.168.1.9", False),
        ("192.168.1.5:3900", "192.168.1.9", False),
        ("api.previews.test", "127.0.0.1", False),
        ("evil.example", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("", "127.0.0.1", False),
    ],
)
def test_the_api_answers_this_machine_by_its_own_names_alone(host: str, peer: str, allowed: bool) -> None:
    assert Exposure("previews.test", "0.0.0.0").allows_api(host, peer) is allowed
    assert Exposure("previews.test", "0.0.0.0", api=True).allows_api(host, peer)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("3000-iabc.previews.test", ("iabc", 3000)),
        ("3000-IABC.Previews.TEST:8443", ("iabc", 3000)),
        ("3000-iabc.previews.test.", ("iabc", 3000)),
        ("3000-iabc.localhost:3900", ("iabc", 3000)),
        ("49983-iabc.previews.test", None),
        ("65536-iabc.previews.test", None),
        ("0-iabc.previews.test", None),
        ("3000-iabc.evil.com", None),
        ("3000-iabc.previews.test.evil.com", None),
        ("3000-iabc.x.previews.test", None),
        ("previews.test", None),
    ],
)
def test_previews_are_named_under_the_domain_or_localhost(host: str, named: tuple[str, int] | None) -> None:
    assert Exposure("previews.test:8443", "127.0.0.1").preview(host) == named
