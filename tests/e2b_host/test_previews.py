"""Templates and ports of sandboxes, seen from outside."""

import time

import httpx
import pytest
from e2b import Sandbox
from websockets.asyncio.client import connect

from .conftest import Host

pytestmark = pytest.mark.sandbox

ECHO = """
import asyncio, base64, hashlib
async def serve(reader, writer):
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    key = next(l.split(b": ")[1] for l in head.split(b"\\r\\n") if l.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: upgrade\\r\\n")
    writer.write(b"sec-websocket-accept: " + accept + b"\\r\\n\\r\\n")
    while True:
        size = (await reader.readexactly(2))[1] & 127
        mask, data = await reader.readexactly(4), await reader.readexactly(size)
        said = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        writer.write(bytes([0x81, size]) + said.upper())
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", 4000) as server:
        await server.serve_forever()
asyncio.run(main())
"""


def eventually(check, seconds: float = 5.0):
    deadline = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def web(host: Host):
    sandbox = host.create("web", envs={"ASKED": "yes"})
    yield sandbox
    sandbox.kill()


def test_template_brings_files_mounts_environment_and_a_running_server(host: Host, web: Sandbox) -> None:
    assert web.files.read("app/index.html") == "<h1>it runs</h1>"
    assert web.files.read("/opt/tools/pkg/index.js") == "// tools"
    assert web.commands.run('echo "$FLAVOUR $ASKED"').stdout == "web yes\n"
    eventually(lambda: host.get(web, 3000).status_code == 200)
    assert host.get(web, 3000).text == "<h1>it runs</h1>"


def test_preview_shows_a_changed_file_at_once(host: Host, web: Sandbox) -> None:
    eventually(lambda: host.get(web, 3000).status_code == 200)
    web.files.write("app/page.html", "new")
    assert host.get(web, 3000, "/page.html").text == "new"


def test_pooled_sandbox_is_handed_over_ready(host: Host) -> None:
    assert eventually(lambda: "the pool has a sandbox of web ready" in host.logged())
    before = host.logged().count("ready")
    first = host.create("web")
    first.kill()
    assert eventually(lambda: host.logged().count("ready") > before)
    began = time.monotonic()
    pooled = host.create("web")
    took = time.monotonic() - began
    assert host.get(pooled, 3000).status_code == 200
    assert took < 0.5
    pooled.kill()


def test_closed_port_and_unknown_sandbox_are_bad_gateways(host: Host, shared: Sandbox) -> None:
    closed = host.get(shared, 5999)
    assert (closed.status_code, closed.json()["message"]) == (502, "The sandbox is running but port is not open")
    gone = httpx.get(host.url, headers={"host": "3000-inotthere.localhost"})
    assert (gone.status_code, gone.json()["message"]) == (502, "The sandbox was not found")


def test_port_named_by_headers_is_that_port(host: Host, web: Sandbox) -> None:
    eventually(lambda: host.get(web, 3000).status_code == 200)
    headers = {"e2b-sandbox-id": web.sandbox_id, "e2b-sandbox-port": "3000"}
    with httpx.Client(base_url=host.url) as client:
        assert client.get("/", headers=headers).text == "<h1>it runs</h1>"
        assert client.get("/", headers={**headers, "e2b-sandbox-port": "3999"}).status_code == 502
        assert client.get("/health").text == "ok"


async def test_websocket_passes_through_the_preview(host: Host) -> None:
    sandbox = await host.create_async()
    await sandbox.files.write("echo.py", ECHO)
    await sandbox.commands.run("python3 echo.py", background=True)
    await sandbox.commands.run("until (: < /dev/tcp/127.0.0.1/4000) 2>/dev/null; do sleep 0.05; done", timeout=10)
    port = int(host.facts["domain"].rsplit(":", 1)[1])
    async with connect(f"ws://{sandbox.get_host(4000)}/", host="127.0.0.1", port=port, close_timeout=0.1) as socket:
        await socket.send("hot reload")
        assert await socket.recv() == "HOT RELOAD"
        await socket.send("again")
        assert await socket.recv() == "AGAIN"
    await sandbox.kill()


def test_what_one_sandbox_writes_over_shared_packages_no_other_sees(host: Host, web: Sandbox, template) -> None:
    other = host.create("web")
    web.commands.run("cd app/node_modules && echo mine > pkg/index.js && mkdir added && touch added/x")
    assert web.files.read("app/node_modules/pkg/index.js") == "mine\n"
    assert other.files.read("app/node_modules/pkg/index.js") == "// shared"
    assert not other.files.exists("app/node_modules/added")
    assert (template / "shared/pkg/index.js").read_text() == "// shared"
    other.kill()
