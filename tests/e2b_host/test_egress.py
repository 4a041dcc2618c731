"""The way out of a sandbox: whom it admits, and that nothing slips by."""

import re
from http.server import HTTPServer

import pytest
from e2b import Sandbox

from backend.e2b_host.egress import MAX_CONNECTIONS

from .conftest import Host

pytestmark = pytest.mark.sandbox

ASK = """
import socket, sys
with socket.create_connection(("127.0.0.1", 3128)) as door:
    door.sendall(sys.stdin.buffer.read())
    door.shutdown(socket.SHUT_WR)
    answer = b""
    while data := door.recv(65536): answer += data
sys.stdout.buffer.write(answer)
"""
NOT_LISTED, ILL_FORMED = "not on the sandbox host's allow-list", "malformed|must be a host and a port|usual form"
REQUESTS = {
    "a host that is not listed": ("GET http://example.com/ HTTP/1.1\r\n\r\n", NOT_LISTED),
    "a tunnel to it": ("CONNECT example.com:443 HTTP/1.1\r\n\r\n", NOT_LISTED),
    "another port of a listed host": ("CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", NOT_LISTED),
    "the sandbox host": ("GET http://127.0.0.1:{host_port}/health HTTP/1.1\r\n\r\n", NOT_LISTED),
    "metadata": ("GET http://169.254.169.254/latest/ HTTP/1.1\r\n\r\n", "metadata service"),
    "metadata by a name": ("GET http://Metadata.Google.Internal./ HTTP/1.1\r\n\r\n", "metadata service"),
    "metadata in version 6": ("CONNECT [fd00:ec2::254]:80 HTTP/1.1\r\n\r\n", "metadata service"),
    "metadata in disguise": ("CONNECT [::ffff:169.254.169.254]:80 HTTP/1.1\r\n\r\n", "metadata service"),
    "a decimal address": ("GET http://2130706433:{port}/ HTTP/1.1\r\n\r\n", ILL_FORMED),
    "a hexadecimal address": ("CONNECT 0x7f.0.0.0x1:{port} HTTP/1.1\r\n\r\n", ILL_FORMED),
    "an octal address": ("CONNECT 0177.0.0.1:{port} HTTP/1.1\r\n\r\n", ILL_FORMED),
    "a short address": ("CONNECT 127.1:{port} HTTP/1.1\r\n\r\n", ILL_FORMED),
    "no address": ("CONNECT 0:{port} HTTP/1.1\r\n\r\n", ILL_FORMED),
    "a user before the host": ("GET http://127.0.0.1:{port}@example.com/ HTTP/1.1\r\n\r\n", ILL_FORMED),
    "a user before a listed host": ("GET http://example.com@127.0.0.1:{port}/ HTTP/1.1\r\n\r\n", ILL_FORMED),
    "no port": ("CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n", ILL_FORMED),
    "a port too far": ("CONNECT 127.0.0.1:99999 HTTP/1.1\r\n\r\n", ILL_FORMED),
    "a lone line feed in a header": ("GET {url} HTTP/1.1\r\nx: y\nHost: evil\r\n\r\n", "malformed"),
    "a folded header": ("GET {url} HTTP/1.1\r\nx: y\r\n Host: evil\r\n\r\n", "malformed"),
    "a header without a name": ("GET {url} HTTP/1.1\r\n: y\r\n\r\n", "malformed"),
    "two lengths": ("POST {url} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "malformed"),
    "chunks": ("POST {url} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "no Transfer-Encoding"),
    "another scheme": ("GET ftp://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n", "only http://"),
    "no proxy request": ("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "only http://"),
    "no HTTP": ("hello\r\n\r\n", "malformed"),
}


def ask(sandbox: Sandbox, request: str) -> str:
    sandbox.files.write_files([{"path": "/tmp/ask.py", "data": ASK}, {"path": "/tmp/request", "data": request}])
    return sandbox.commands.run("python3 /tmp/ask.py < /tmp/request", timeout=60).stdout


def filled(text: str, host: Host, reachable: HTTPServer) -> str:
    port = reachable.server_port
    return (
        text.replace("{url}", f"http://127.0.0.1:{port}/")
        .replace("{port}", str(port))
        .replace("{host_port}", host.url.rpartition(":")[2])
    )


@pytest.mark.parametrize(("request_text", "refusal"), REQUESTS.values(), ids=REQUESTS.keys())
def test_request_is_refused(
    walled: Host, inmate: Sandbox, reachable: HTTPServer, request_text: str, refusal: str
) -> None:
    answer = ask(inmate, filled(request_text, walled, reachable))
    assert re.search(refusal, answer)
    assert answer.startswith(("HTTP/1.1 403", "HTTP/1.1 400"))
    assert "from outside" not in answer


def test_listed_host_is_reached_by_request_and_by_tunnel(inmate: Sandbox, reachable: HTTPServer) -> None:
    address = f"127.0.0.1:{reachable.server_port}"
    for way in ("", "--proxytunnel "):
        command = f"curl -sS -m 60 --noproxy '' {way}-x http://127.0.0.1:3128 http://{address}/"
        assert inmate.commands.run(command, timeout=60).stdout == "from outside"
    assert "from outside" in ask(inmate, f"GET HTTP://127.0.0.1.:{reachable.server_port}/ HTTP/1.1\r\n\r\n")


def test_sandboxes_own_rules_only_narrow(walled: Host, reachable: HTTPServer) -> None:
    url = f"http://127.0.0.1:{reachable.server_port}/"
    asked = f"curl -sS -m 60 --noproxy '' -x http://127.0.0.1:3128 {url} http://example.com/"
    everything = walled.create(network={"allow_out": ["0.0.0.0/0", "example.com"]})
    assert everything.commands.run(asked).stdout == f"from outsideexample.com:80 is {NOT_LISTED}\n"
    everything.update_network({"deny_out": ["127.0.0.0/8"]})
    assert "127.0.0.1 is denied to this sandbox" in everything.commands.run(asked).stdout
    everything.update_network({"allow_out": ["127.0.0.1"], "deny_out": ["0.0.0.0/0"]})
    assert "from outside" in everything.commands.run(asked).stdout
    everything.update_network({"allow_internet_access": False})
    assert "created without internet access" in everything.commands.run(asked).stdout
    everything.kill()


def test_sandbox_without_internet_gets_none(walled: Host, reachable: HTTPServer) -> None:
    sandbox = walled.create(allow_internet_access=False)
    answer = ask(sandbox, f"GET http://127.0.0.1:{reachable.server_port}/ HTTP/1.1\r\n\r\n")
    assert answer.endswith("this sandbox was created without internet access\n")
    assert f"sandbox {sandbox.sandbox_id}: no way out to 127.0.0.1:{reachable.server_port}" in walled.logged()
    sandbox.kill()


def test_sandbox_that_opens_too_many_connections_shuts_only_itself_out(
    walled: Host, inmate: Sandbox, reachable: HTTPServer
) -> None:
    script = (
        "import socket\nheld = [socket.create_connection(('127.0.0.1', 3128)) for _ in range(%d)]\n"
        "for one in held: one.sendall(b'GET http://')\n"
        "late = socket.create_connection(('127.0.0.1', 3128))\nlate.sendall(b'GET http://x/ HTTP/1.1\\r\\n\\r\\n')\n"
        "print(late.recv(9999).decode())"
    )
    greedy = walled.create()
    greedy.files.write("/tmp/greedy.py", script % MAX_CONNECTIONS)
    assert f"at most {MAX_CONNECTIONS} connections out" in greedy.commands.run("python3 /tmp/greedy.py").stdout
    assert "from outside" in ask(inmate, f"GET http://127.0.0.1:{reachable.server_port}/ HTTP/1.1\r\n\r\n")
    greedy.kill()
