"""What passes between a visitor and a port of a sandbox, byte by byte."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from e2b import Sandbox

from .conftest import Host
from .test_previews import eventually

pytestmark = pytest.mark.sandbox

APP = (Path(__file__).parent / "preview_app.py").read_text()
PORT = 4000
MB = 1024 * 1024


def run_app(host: Host, sandbox: Sandbox, headers: dict[str, str] | None = None) -> None:
    sandbox.files.write("app.py", APP)
    sandbox.commands.run("python3 app.py", background=True, timeout=0)
    get = {"host": sandbox.get_host(PORT), **(headers or {})}
    assert eventually(lambda: httpx.get(host.url + "/page", headers=get).status_code == 200, 60)


@pytest.fixture(scope="module")
def app(host: Host, shared: Sandbox) -> Sandbox:
    run_app(host, shared)
    return shared


class Visitor:
    """A connection to the host, spoken to in bytes."""

    def __init__(self, host: Host, name: str) -> None:
        self.name = name
        self.socket = socket.create_connection(("127.0.0.1", httpx.URL(host.url).port or 0), timeout=60)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def ask(self, line: str, *fields: str, host: str | None = None, body: bytes = b"") -> None:
        lines = [f"{line} HTTP/1.1", f"Host: {host or self.name}", *fields, "", ""]
        self.socket.sendall("\r\n".join(lines).encode() + body)

    def status(self) -> int:
        return int((self.file.readline() or b"x 0").split()[1])

    def answer(self) -> tuple[int, bytes]:
        status, length = self.status(), 0
        while (line := self.file.readline()).strip():
            if line.lower().startswith(b"content-length"):
                length = int(line.split(b":")[1])
        return status, self.file.read(length)

    def said(self) -> dict:
        status, body = self.answer()
        assert status == 200, body
        return json.loads(body)


@pytest.fixture
def visitor(host: Host, app: Sandbox) -> Iterator[Visitor]:
    with Visitor(host, app.get_host(PORT)) as visitor:
        yield visitor


def test_requests_of_one_connection_share_one_into_the_sandbox_and_pipelined_ones_are_answered_in_turn(visitor) -> None:
    for path in ("/said?1", "/said?2", "/said?3"):
        visitor.ask(f"GET {path}")
    answers = [visitor.said() for _ in range(3)]
    assert [answer["line"] for answer in answers] == [f"GET /said?{i} HTTP/1.1" for i in (1, 2, 3)]
    assert len({answer["connections"] for answer in answers}) == 1


def test_events_arrive_while_the_stream_goes_on(visitor) -> None:
    visitor.ask("GET /events?3")
    while visitor.file.readline() != b"\r\n":
        continue
    assert visitor.file.readline() == b"9\r\n"
    assert visitor.file.readline() == b"data: 0\n"
    visitor.ask("GET /said")
    rest = b"".join(iter(visitor.file.readline, b"0\r\n"))
    assert rest.count(b"data: ") == 2
    visitor.file.readline()
    assert visitor.said()["line"] == "GET /said HTTP/1.1"


def test_bodies_are_measured_by_length_and_by_chunks(visitor) -> None:
    visitor.ask("POST /said", "Content-Length: 5", body=b"hello")
    assert visitor.said()["body"] == 5
    visitor.ask("POST /said", "Transfer-Encoding: chunked", body=b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert visitor.said()["body"] == 5


def test_a_body_is_sent_after_the_app_said_continue(visitor) -> None:
    visitor.ask("POST /said", "Content-Length: 3", "Expect: 100-continue")
    assert visitor.status() == 100
    visitor.file.readline()
    visitor.socket.sendall(b"abc")
    assert visitor.said()["body"] == 3


def test_an_answer_in_the_middle_of_an_upload_arrives(visitor) -> None:
    visitor.ask("POST /refuse", f"Content-Length: {8 * MB}", body=b"x" * 65536)
    assert visitor.answer() == (413, b"too much")


def test_who_has_asked_and_sends_no_more_still_gets_the_answer(visitor) -> None:
    visitor.ask("GET /said")
    visitor.socket.shutdown(socket.SHUT_WR)
    assert visitor.said()["line"] == "GET /said HTTP/1.1"
    assert visitor.file.read() == b""


@pytest.mark.parametrize("leave", [lambda waiting: waiting.shutdown(socket.SHUT_WR), socket.socket.close])
def test_an_app_that_has_not_answered_notices_that_its_visitor_left(host: Host, visitor, leave) -> None:
    def left() -> int:
        visitor.ask("GET /said")
        return visitor.said()["left"]

    before = left()
    waiting = socket.create_connection(visitor.socket.getpeername(), timeout=60)
    waiting.sendall(f"GET /wait HTTP/1.1\r\nHost: {visitor.name}\r\n\r\n".encode())
    leave(waiting)
    assert eventually(lambda: left() > before, 60)
    waiting.close()


def test_old_servers_that_end_with_the_connection_are_understood(visitor) -> None:
    visitor.ask("GET /old")
    assert visitor.file.read() == b"HTTP/1.0 200 OK\r\n\r\nuntil the end"


def test_much_goes_in_and_out_without_piling_up_in_the_host(host: Host, app: Sandbox) -> None:
    def resident() -> int:
        status = Path(f"/proc/{host.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024

    before = resident()
    with Visitor(host, app.get_host(PORT)) as slow, Visitor(host, slow.name) as quick:
        slow.ask(f"GET /bytes?{32 * MB}")
        stuck = Visitor(host, slow.name)
        stuck.ask("POST /never", f"Content-Length: {32 * MB}")
        stuck.socket.settimeout(1)
        with pytest.raises(TimeoutError):  # the app reads none of it
            stuck.socket.sendall(b"x" * 32 * MB)
        quick.ask("POST /said", f"Content-Length: {32 * MB}")
        quick.socket.sendall(b"x" * 32 * MB)
        assert quick.said()["body"] == 32 * MB
        assert resident() - before < 16
        assert len(slow.answer()[1]) == 32 * MB
        stuck.__exit__()


@pytest.mark.parametrize("path", ["/garbage", "/close", "/two-lengths", "/endless"])
def test_an_app_that_speaks_no_http_is_a_bad_gateway(visitor, path: str) -> None:
    visitor.ask(f"GET {path}")
    status, body = visitor.answer()
    assert status == 502
    assert "no proper answer" in json.loads(body)["message"]


def test_what_an_app_sends_unasked_answers_nobody_elses_request(host: Host, visitor, sandbox: Sandbox) -> None:
    visitor.ask("GET /extra")
    assert visitor.answer() == (200, b"ok")
    visitor.ask("GET /", host=sandbox.get_host(PORT))
    assert visitor.answer()[0] == 502


def test_a_redirect_loop_is_the_visitors_own(visitor) -> None:
    visitor.ask("GET /loop")
    assert visitor.answer()[0] == 302


@pytest.mark.parametrize(
    "bytes_",
    [
        b"POST /said HTTP/1.1\r\nHost: {host}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        b"POST /said HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /said HTTP/1.1\r\nHost: {host}\r\nContent-Length: +6\r\n\r\nabcdef",
        b"POST /said HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /said HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /said HTTP/1.1\r\nHost: {host}\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /said HTTP/1.1\r\nHost: {host}\r\nHost: other.example\r\n\r\n",
        b"GET http://other.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /said HTTP/1.1\r\nHost: {host}\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /said HTTP/1.1\r\nHost: {host}\r\nX: a\x00b\r\n\r\n",
        b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(visitor, bytes_: bytes) -> None:
    visitor.socket.sendall(bytes_.replace(b"{host}", visitor.name.encode()))
    assert visitor.answer()[0] == 400
    assert visitor.file.read() == b""


def test_every_request_of_a_connection_goes_where_its_own_host_says(host: Host, visitor) -> None:
    api = httpx.URL(host.url).netloc.decode()
    visitor.ask("GET /said")
    assert visitor.said()["fields"]["host"] == visitor.name
    visitor.ask("GET /health", host=api)
    assert visitor.answer() == (200, b"ok")
    visitor.ask("POST /said", "Content-Length: 3", body=b"abc")
    assert visitor.said()["body"] == 3
    visitor.ask("GET /health", host=api)
    assert visitor.answer() == (200, b"ok")
    visitor.ask("GET /page", host=visitor.name.replace(f"{PORT}-", "5999-"))
    assert visitor.answer()[0] == 502


def test_a_sandbox_with_a_traffic_token_asks_every_request_for_it(host: Host, visitor) -> None:
    rules = {"allow_public_traffic": False, "mask_request_host": "app.example.com:${PORT}"}
    private = host.create(network=rules)
    assert private.traffic_access_token
    token = f"E2B-Traffic-Access-Token: {private.traffic_access_token}"
    run_app(host, private, {"e2b-traffic-access-token": private.traffic_access_token})
    name = private.get_host(PORT)
    visitor.ask("GET /said", token, host=name)
    said = visitor.said()
    assert said["fields"]["host"] == f"app.example.com:{PORT}"
    assert "e2b-traffic-access-token" not in said["fields"]
    visitor.ask("GET /said", host=name)
    status, body = visitor.answer()
    assert (status, json.loads(body)["message"]) == (
        403,
        "Sandbox is secured with traffic access token. Token header 'e2b-traffic-access-token' is missing",
    )
    with Visitor(host, name) as smuggler:
        inner = f"GET /said HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()
        smuggler.ask("POST /said", token, f"Content-Length: {len(inner)}", body=inner + inner)
        assert smuggler.said()["body"] == len(inner)
        assert smuggler.answer()[0] == 403
    with Visitor(host, name) as stranger:
        stranger.ask("GET /said", "E2B-Traffic-Access-Token: ea_wrong")
        assert stranger.answer()[0] == 403
    private.kill()


@pytest.mark.parametrize("name", ["{label}.evil.com", "rebound.evil.com", "[::1", "a b", "", "0{label}.localhost."])
def test_a_name_that_is_not_this_hosts_is_refused(host: Host, visitor, name: str) -> None:
    with Visitor(host, name.replace("{label}", visitor.name.split(".")[0])) as stranger:
        stranger.ask("GET /health")
        assert stranger.answer()[0] == 421


async def test_two_hundred_visitors_at_once_are_all_answered(host: Host, app: Sandbox) -> None:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=host.url, limits=limits, timeout=60) as client:
        headers = {"host": app.get_host(PORT)}
        answers = await asyncio.gather(*(client.get("/events?2", headers=headers) for _ in range(200)))
    assert {answer.text for answer in answers} == {"data: 0\n\ndata: 1\n\n"}
