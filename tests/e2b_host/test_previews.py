"""Templates and ports of sandboxes, seen from outside."""

import time

import httpx
import pytest
from e2b import Sandbox

from .conftest import Host

pytestmark = pytest.mark.sandbox


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


def test_what_one_sandbox_writes_over_shared_packages_no_other_sees(host: Host, web: Sandbox, template) -> None:
    other = host.create("web")
    web.commands.run("cd app/node_modules && echo mine > pkg/index.js && mkdir added && touch added/x")
    assert web.files.read("app/node_modules/pkg/index.js") == "mine\n"
    assert other.files.read("app/node_modules/pkg/index.js") == "// shared"
    assert not other.files.exists("app/node_modules/added")
    assert (template / "shared/pkg/index.js").read_text() == "// shared"
    other.kill()
