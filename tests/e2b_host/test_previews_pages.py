"""What a visitor sees when the app does not answer: it wakes, nothing listens, it is gone, it is not public."""

import asyncio
import json
import re

import httpx
import pytest
from e2b import Sandbox

from .conftest import Host
from .test_previews import eventually

pytestmark = pytest.mark.sandbox

BROWSER = {"sec-fetch-mode": "navigate", "accept": "text/html,application/xhtml+xml", "user-agent": "Mozilla/5.0"}
STATE = "/__preview/state"


def visit(host: Host, name: str, path: str = "/", **headers: str) -> httpx.Response:
    return httpx.get(host.url + path, headers={"host": name, **BROWSER, **headers}, timeout=60)


def kind(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    found = re.search(r'data-kind="(\w+)"', answer.text)
    assert found
    return found[1]


def state(host: Host, name: str) -> str:
    return httpx.get(host.url + STATE, headers={"host": name}).json()["state"]


async def test_a_sleeping_app_wakes_behind_a_page_while_other_requests_wait_for_it(host: Host) -> None:
    lifecycle = {"on_timeout": "pause", "auto_resume": True}
    sandbox = host.create("web", lifecycle=lifecycle)
    name = sandbox.get_host(3000)
    sandbox.files.write(".profile", "until [ -e ~/open ]; do sleep 0.05; done")
    sandbox.pause(mode="filesystem")
    assert state(host, name) == "paused", "a page that asks wakes nobody"
    page = visit(host, name)
    assert (page.status_code, kind(page), page.headers["retry-after"]) == (503, "waiting", "1")
    assert "Waking up" in page.text
    assert state(host, name) == "waiting"
    async with httpx.AsyncClient(base_url=host.url, headers={"host": name}, timeout=60) as client:
        fetched = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0.3)
        assert not fetched.done()
        sandbox.connect().files.write("open", "")
        assert (await fetched).text == "<h1>it runs</h1>"
    assert state(host, name) == "open"
    assert visit(host, name).text == "<h1>it runs</h1>"
    sandbox.pause()
    assert visit(host, name).text == "<h1>it runs</h1>", "who only stood still needs no page"
    sandbox.kill()


def test_a_sandbox_that_may_not_be_woken_says_it_is_paused(host: Host) -> None:
    sandbox = host.create()
    sandbox.pause()
    page = visit(host, sandbox.get_host(3000))
    assert (page.status_code, kind(page)) == (502, "paused")
    told = host.get(sandbox, 3000)
    assert (told.status_code, told.json()["message"]) == (502, "The sandbox was not found: it is paused")
    sandbox.kill()
    gone = visit(host, sandbox.get_host(3000))
    assert (gone.status_code, kind(gone)) == (502, "gone")
    assert state(host, sandbox.get_host(3000)) == "gone"


def test_a_port_nobody_listens_on_says_which_until_somebody_does(host: Host, shared: Sandbox) -> None:
    name = shared.get_host(4321)
    page = visit(host, name)
    assert (page.status_code, kind(page)) == (502, "closed")
    assert "Nothing listens on port 4321" in page.text
    assert "127.0.0.1:4321" in page.text
    assert state(host, name) == "closed"
    server = shared.commands.run("python3 -m http.server 4321 --bind 127.0.0.1", background=True, timeout=0)
    assert eventually(lambda: state(host, name) == "open", 60)
    assert visit(host, name).status_code == 200
    server.kill()


def test_pages_run_their_own_script_and_nothing_else(host: Host, shared: Sandbox) -> None:
    page = visit(host, shared.get_host(4322))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert len(re.findall(r"'sha256-", policy)) == 2
    assert "'unsafe" not in policy
    assert not re.search(r"(?:src|href)=", page.text)
    assert "$" not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-mode": "cors"},
        {"sec-fetch-mode": "no-cors"},
        {"sec-fetch-mode": "", "accept": "*/*"},
        {"sec-fetch-mode": "", "user-agent": "CodeFlow"},
    ],
)
def test_programs_are_told_in_e2bs_words(host: Host, shared: Sandbox, headers: dict[str, str]) -> None:
    told = visit(host, shared.get_host(4322), **headers)
    assert told.status_code == 502
    assert told.headers["access-control-allow-origin"] == "*"
    assert json.loads(told.text) == {
        "sandboxId": shared.sandbox_id,
        "message": "The sandbox is running but port is not open",
        "port": 4322,
        "code": 502,
    }


def test_what_is_not_public_shows_neither_app_nor_state_and_wakes_nothing(host: Host) -> None:
    lifecycle = {"on_timeout": "pause", "auto_resume": True}
    sandbox = host.create(network={"allow_public_traffic": False}, lifecycle=lifecycle)
    name = sandbox.get_host(3000)
    sandbox.pause()
    page = visit(host, name)
    assert (page.status_code, kind(page)) == (403, "denied")
    assert state(host, name) == "denied"
    assert sandbox.get_info().state == "paused"
    token = {"e2b-traffic-access-token": sandbox.traffic_access_token or ""}
    assert kind(visit(host, name, **token)) == "closed"
    sandbox.kill()
