"""What clients may send, rightly or wrongly, and what the host answers."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from e2b import Sandbox, SandboxNetworkOpts

from .conftest import Host

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def api(host: Host) -> Iterator[httpx.Client]:
    with host.api() as client:
        yield client


@pytest.fixture(scope="module")
def envd(host: Host, shared: Sandbox) -> Iterator[httpx.Client]:
    with host.envd(shared) as client:
        yield client


def frame(message: object) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack("!BI", 0, len(body)) + body


def ending(answer: httpx.Response) -> dict[str, str]:
    """The error a stream ended with."""
    flags, _ = struct.unpack_from("!BI", answer.content)
    assert flags == 2
    return json.loads(answer.content[5:])["error"]


WRONG = [
    b"{",
    b"[]",
    b"[" * 100_000,
    b'{"timeout": "soon"}',
    b'{"timeout": -1}',
    b'{"timeout": 1e9}',
    b'{"timeout": true}',
    b'{"metadata": []}',
    b'{"metadata": {"a": 1}}',
    b'{"envVars": {"a": "\\u0000"}}',
    b'{"envVars": {"a=b": "c"}}',
    b'{"envVars": {"a": "\\ud800"}}',
    b'{"templateID": 7}',
    b'{"autoPause": "yes"}',
    b'{"autoResume": true}',
    b'{"autoResume": {"enabled": true}, "autoPauseMemory": false}',
    b'{"network": "none"}',
    b'{"network": {"denyOut": ["example.com"]}}',
    b'{"network": {"allowOut": ["not a name"]}}',
    b'{"network": {"maskRequestHost": "a\\r\\nb: c"}}',
    b'{"network": {"rules": {"example.com": [{}]}}}',
    b'{"volumeMounts": [{"name": "a", "path": "/a"}]}',
    b'{"a": "' + b"x" * 2**21 + b'"}',
]


@pytest.mark.parametrize("body", WRONG, ids=lambda body: body[:40].decode())
def test_malformed_create_is_refused_with_the_reason(api: httpx.Client, body: bytes) -> None:
    refused = api.post("/v2/sandboxes", content=body)
    assert refused.status_code == 400
    assert refused.json().keys() == {"code", "message"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PATCH", "/v2/sandboxes", 405),
        ("GET", "/sandboxes/inotthere", 404),
        ("GET", "/sandboxes/inotthere/metrics", 404),
        ("POST", "/sandboxes/inotthere/pause", 404),
        ("POST", "/sandboxes/inotthere/fork", 404),
        ("POST", "/sandboxes/inotthere/snapshots", 404),
        ("PUT", "/sandboxes/inotthere/network", 404),
        ("POST", "/sandboxes/inotthere/refreshes", 404),
    ],
)
def test_every_refusal_has_the_sdks_shape(api: httpx.Client, method: str, path: str, status: int) -> None:
    refused = api.request(method, path)
    assert (refused.status_code, refused.json()["code"]) == (status, status)
    assert refused.json()["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b'{"path": 7}', b'{"path": "a\\u0000b"}'])
def test_malformed_call_into_a_sandbox_is_refused(envd: httpx.Client, body: bytes) -> None:
    refused = envd.post("/filesystem.Filesystem/Stat", content=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("Start", frame([]), "invalid_argument"),
        ("Start", frame({"process": []}), "invalid_argument"),
        ("Start", frame({"process": {"cmd": "/nowhere"}}), "invalid_argument"),
        ("Start", frame({"process": {"cmd": "/bin/true", "cwd": "/nowhere"}}), "invalid_argument"),
        ("Start", struct.pack("!BI", 0, 2) + b"{]", "invalid_argument"),
        ("Start", struct.pack("!BI", 0, 2**31), "resource_exhausted"),
        ("Connect", frame({"process": {"pid": 999_999}}), "not_found"),
        ("StreamInput", frame({"data": {"input": {}}}), "invalid_argument"),
        ("StreamInput", frame({"start": {"process": {"pid": 999_999}}}) * 2000, "not_found"),
    ],
)
def test_malformed_stream_ends_with_an_error(envd: httpx.Client, method: str, body: bytes, code: str) -> None:
    headers = {"content-type": "application/connect+json"}
    assert ending(envd.post(f"/process.Process/{method}", content=body, headers=headers))["code"] == code


def test_unknown_call_is_unimplemented(envd: httpx.Client) -> None:
    assert envd.post("/process.Process/Nothing", json={}).json()["code"] == "unimplemented"


def test_huge_header_is_refused_and_the_host_goes_on(host: Host, api: httpx.Client) -> None:
    address = urlsplit(host.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\nhost: {address.netloc}\r\nx: ".encode())
        try:
            for _ in range(64):
                connection.sendall(b"y" * 65536)
            answer = connection.recv(100)
        except ConnectionError:
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 200")
    assert api.get("/health").text == "ok"


def test_create_asked_again_with_its_key_makes_no_second_sandbox(host: Host, api: httpx.Client) -> None:
    key = {"idempotency-key": "once-and-for-all"}
    first, again = (api.post("/v2/sandboxes", json={"templateID": "base"}, headers=key) for _ in range(2))
    assert first.json()["sandboxID"] == again.json()["sandboxID"]
    api.delete(f"/sandboxes/{first.json()['sandboxID']}")
    anew = api.post("/v2/sandboxes", json={"templateID": "base"}, headers=key)
    assert anew.json()["sandboxID"] != first.json()["sandboxID"]
    api.delete(f"/sandboxes/{anew.json()['sandboxID']}")


def test_previous_wire_creates_connects_and_resumes(host: Host, api: httpx.Client) -> None:
    made = api.post("/sandboxes", json={"templateID": "base", "timeout": 60}).json()
    path = f"/sandboxes/{made['sandboxID']}"
    assert api.post(f"{path}/connect", json={"timeout": 60}).status_code == 200
    assert api.post(f"{path}/resume", json={"timeout": 60}).status_code == 409
    assert api.post(f"{path}/pause").status_code == 204
    assert api.post(f"{path}/pause").status_code == 409
    assert api.post(f"{path}/timeout", json={"timeout": 60}).status_code == 409
    assert api.post(f"{path}/resume", json={"timeout": 60}).status_code == 201
    assert api.post(f"{path}/refreshes", json={"duration": 3000}).status_code == 204
    info = api.get(path).json()
    assert (info["state"], info["lifecycle"]["onTimeout"]) == ("running", "kill")
    assert info["endAt"] > made.get("endAt", info["startedAt"])
    assert api.delete(path).status_code == 204


def test_paused_sandbox_is_rebooted_when_asked(sandbox: Sandbox, api: httpx.Client) -> None:
    boots: list[str] = []
    for how in ("restore", "reboot"):
        boots.append(sandbox.files.read("/proc/sys/kernel/random/boot_id"))
        sandbox.pause()
        assert api.get(f"/sandboxes/{sandbox.sandbox_id}").json()["pauseMode"] == "full"
        sandbox.connect(on_resume=how)
    boots.append(sandbox.files.read("/proc/sys/kernel/random/boot_id"))
    assert boots[0] == boots[1] != boots[2]


def test_sandbox_that_is_not_secure_needs_no_token(host: Host, api: httpx.Client) -> None:
    made = api.post("/sandboxes", json={"templateID": "base", "secure": False, "timeout": 60}).json()
    assert "envdAccessToken" not in made
    headers = {"e2b-sandbox-id": made["sandboxID"]}
    written = httpx.post(host.url + "/files?path=x", content=b"open", headers={**headers, "content-type": "a/b"})
    assert written.status_code == 200
    assert httpx.get(host.url + "/files?path=x", headers=headers).text == "open"
    api.delete(f"/sandboxes/{made['sandboxID']}")


def test_secure_sandbox_needs_its_token(host: Host, shared: Sandbox) -> None:
    headers = {"e2b-sandbox-id": shared.sandbox_id}
    for token in ({}, {"x-access-token": "ea_wrong"}):
        assert httpx.get(host.url + "/files?path=x", headers={**headers, **token}).status_code == 401
        called = httpx.post(host.url + "/process.Process/List", json={}, headers={**headers, **token})
        assert called.status_code == 401


def test_private_ports_need_the_traffic_token_and_hosts_are_masked(host: Host) -> None:
    rules: SandboxNetworkOpts = {"allow_public_traffic": False, "mask_request_host": "app.example:${PORT}"}
    sandbox = host.create(network=rules)
    script = (
        "import http.server as h\n"
        "class H(h.BaseHTTPRequestHandler):\n"
        "  def do_GET(self):\n"
        "    self.send_response(200); self.end_headers(); self.wfile.write(str(self.headers).encode())\n"
        "h.HTTPServer(('127.0.0.1', 8081), H).serve_forever()"
    )
    sandbox.files.write("serve.py", script)
    sandbox.commands.run("python3 serve.py", background=True)
    token = {"e2b-traffic-access-token": sandbox.traffic_access_token or ""}
    with host.envd(sandbox, 8081) as port:
        assert port.get("/").status_code == 403
        deadline = time.monotonic() + 60
        while (answer := port.get("/", headers=token)).status_code == 502 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "host: app.example:8081" in answer.text.lower()
        assert "e2b-traffic" not in answer.text.lower()
    sandbox.kill()


def test_network_rules_are_replaced_and_shown(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.update_network({"allow_out": ["example.com"], "deny_out": ["0.0.0.0/0"]})
    shown = api.get(f"/sandboxes/{sandbox.sandbox_id}").json()["network"]
    assert (shown["allowOut"], shown["denyOut"]) == (["example.com"], ["0.0.0.0/0"])
    sandbox.update_network({})
    assert api.get(f"/sandboxes/{sandbox.sandbox_id}").json()["network"]["denyOut"] == []


def test_metrics_and_logs_are_told(host: Host, shared: Sandbox, api: httpx.Client) -> None:
    path, deadline = f"/sandboxes/{shared.sandbox_id}", time.monotonic() + 60
    while not (samples := api.get(f"{path}/metrics").json()) and time.monotonic() < deadline:
        time.sleep(0.1)
    at = samples[0]["timestampUnix"]
    assert api.get(f"{path}/metrics", params={"start": at, "end": at}).json()
    assert api.get(f"{path}/metrics", params={"start": 1, "end": at - 1}).json() == []
    both = api.get("/sandboxes/metrics", params={"sandbox_ids": f"{shared.sandbox_id},inotthere"}).json()
    assert both["sandboxes"].keys() == {shared.sandbox_id}
    assert api.get(f"{path}/logs").json().keys() == {"logs", "logEntries"}
    assert "logs" in api.get(f"/v2{path}/logs", params={"direction": "backward", "limit": 5}).json()


async def test_hundred_commands_at_once_each_get_their_own_answer(host: Host) -> None:
    sandbox = await host.create_async()
    done = await asyncio.gather(*(sandbox.commands.run(f"echo {number}") for number in range(100)))
    assert [one.stdout for one in done] == [f"{number}\n" for number in range(100)]
    assert await sandbox.commands.list() == []
    await sandbox.kill()


def test_client_that_hangs_up_leaves_its_command_running_and_nothing_else(host: Host, shared: Sandbox) -> None:
    before = host.calls(shared)
    handles = [shared.commands.run("sleep 600", background=True) for _ in range(5)]
    assert host.calls(shared) == before + 5
    for handle in handles:
        handle.disconnect()
    deadline = time.monotonic() + 60
    while host.calls(shared) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert host.calls(shared) == before
    assert {handle.pid for handle in handles} <= {one.pid for one in shared.commands.list()}
    assert all(shared.commands.kill(handle.pid) for handle in handles)
