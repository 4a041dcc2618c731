"""Every route, as a stranger and as somebody else who knows the owner's ids. A route that is not in the table fails."""

import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from backend.domain import User
from backend.web.security import SAFE_METHODS
from backend.web.services import Services
from tests.web.conftest import Site, served, with_named_people
from tests.web.people import as_user
from tests.web.test_followups import waiting
from tests.web.test_shares import built, shared
from ui.server import create_app

ADA, EVE = as_user("ada"), as_user("eve")
SECRET = "ada's secret cat"


@dataclass(frozen=True)
class Probe:
    stranger: int
    """The status without a session. 401: closed."""
    other: int
    """For another user, with the owner's ids."""
    body: Any = None
    query: str = ""
    tells: bool = False
    """What the owner gave away with a link's token."""


CREDENTIALS = {"email": "eve@example.com", "password": "correct horse"}
PROBES: dict[tuple[str, str], Probe] = {
    ("GET", "/healthz"): Probe(200, 200),
    ("GET", "/readyz"): Probe(200, 200),
    # Opened by a token of its own.
    ("GET", "/metrics"): Probe(401, 401),
    ("GET", "/api/setup"): Probe(401, 200),
    ("GET", "/api/setup/events"): Probe(401, 200),
    ("GET", "/api/me"): Probe(401, 200),
    ("GET", "/api/projects"): Probe(401, 200),
    ("POST", "/api/projects"): Probe(401, 201, {"prompt": "mine"}),
    ("PATCH", "/api/projects/{project_id}"): Probe(401, 404, {"title": "mine"}),
    ("DELETE", "/api/projects/{project_id}"): Probe(401, 404),
    ("POST", "/api/projects/{project_id}/runs"): Probe(401, 404, {"prompt": "mine"}),
    ("POST", "/api/projects/{project_id}/edit"): Probe(401, 404, {"files": {"a.ts": "mine"}}),
    ("POST", "/api/projects/{project_id}/restore"): Probe(401, 404, {"version_id": "{version_id}"}),
    ("POST", "/api/projects/{project_id}/fork"): Probe(401, 404, {"version_id": "{version_id}"}),
    ("POST", "/api/projects/{project_id}/wake"): Probe(401, 404),
    ("POST", "/api/projects/{project_id}/followups"): Probe(401, 404, {"prompt": "mine"}),
    ("POST", "/api/projects/{project_id}/followups/send"): Probe(401, 404),
    ("PATCH", "/api/followups/{followup_id}"): Probe(401, 404, {"prompt": "mine"}),
    ("POST", "/api/followups/{followup_id}/move"): Probe(401, 404, {"before": None}),
    # Removing what is gone is no error; that it changes nothing of the owner's is looked at below.
    ("DELETE", "/api/followups/{followup_id}"): Probe(401, 204),
    ("POST", "/api/runs/{run_id}/cancel"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/settings"): Probe(401, 404),
    ("PATCH", "/api/projects/{project_id}/settings"): Probe(401, 404, {"model": None}),
    ("PUT", "/api/projects/{project_id}/variables/{name}"): Probe(401, 404, {"value": "mine"}),
    ("DELETE", "/api/projects/{project_id}/variables/{name}"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/events"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/tree"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/file"): Probe(401, 404, query="?file=app/page0.tsx"),
    ("GET", "/api/projects/{project_id}/search"): Probe(401, 404, query="?q=export"),
    ("GET", "/api/projects/{project_id}/versions/{version_id}"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/blobs/{sha256}.jpg"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/export.zip"): Probe(401, 404),
    ("GET", "/api/projects/{project_id}/shares"): Probe(401, 404),
    ("POST", "/api/projects/{project_id}/shares"): Probe(401, 404, {"version_id": "{version_id}", "history": True}),
    ("DELETE", "/api/shares/{share_id}"): Probe(401, 404),
    ("GET", "/api/shared/{token}"): Probe(200, 200, tells=True),
    ("POST", "/api/shared/{token}/wake"): Probe(200, 200, tells=True),
    ("POST", "/api/shared/{token}/remix"): Probe(401, 201),
    ("GET", "/s/{token}/picture.jpg"): Probe(200, 200),
    ("GET", "/api/usage"): Probe(401, 200),
    ("GET", "/api/account/export.zip"): Probe(401, 200),
    ("DELETE", "/api/account"): Probe(401, 204, {"confirm": "delete"}),
    ("POST", "/billing/stripe"): Probe(422, 422),
    # Sign-in is for strangers; in these tests there is no Supabase behind it.
    ("POST", "/auth/sign-up"): Probe(503, 503, CREDENTIALS),
    ("POST", "/auth/sign-in"): Probe(503, 503, CREDENTIALS),
    ("POST", "/auth/email"): Probe(503, 503, {"email": "eve2@example.com"}),
    ("POST", "/auth/code"): Probe(503, 503, {"email": "eve@example.com", "code": "123456"}),
    ("POST", "/auth/recover"): Probe(503, 503, {"email": "eve3@example.com"}),
    ("POST", "/auth/confirm"): Probe(503, 503, {"token_hash": "pkce_x", "type": "email"}),
    ("POST", "/auth/anonymous"): Probe(503, 503, {}),
    # These act on the sign-in itself, which the people of these tests have not.
    ("POST", "/auth/password"): Probe(401, 401, {"password": "correct horse"}),
    ("POST", "/auth/upgrade"): Probe(401, 401, CREDENTIALS),
    ("POST", "/auth/sign-out"): Probe(200, 200, {}),
    ("GET", "/auth/oauth/{provider}"): Probe(303, 303),
    ("GET", "/auth/callback"): Probe(303, 303),
    ("GET", "/auth/confirm"): Probe(200, 200, query="?token_hash=pkce_x&type=email"),
    ("HEAD", "/auth/confirm"): Probe(200, 200, query="?token_hash=pkce_x&type=email"),
    ("GET", "/signin"): Probe(200, 200),
    ("HEAD", "/signin"): Probe(200, 200),
    ("GET", "/s/{token}"): Probe(200, 200, tells=True),
    ("HEAD", "/s/{token}"): Probe(200, 200, tells=True),
    ("GET", "/s/{rest:path}"): Probe(404, 404),
    ("HEAD", "/s/{rest:path}"): Probe(404, 404),
}
ENDLESS = ("GET", "/api/projects/{project_id}/events")
"""Never answers to its end for the owner."""
GRADIO = [
    ("GET", "/gradio_api/info"),
    ("GET", "/config"),
    ("POST", "/gradio_api/upload"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/queue/data"),
    ("GET", "/gradio_api/file=/etc/passwd"),
    ("POST", "/gradio_api/run/predict"),
    ("GET", "/gradio_api/heartbeat/x"),
]


@dataclass
class House:
    site: Site
    ids: dict[str, str]
    """Of the owner's things, as routes name them."""

    async def probe(self, method: str, path: str, probe: Probe, **headers: str) -> httpx.Response:
        body = json.loads(json.dumps(probe.body).replace("{version_id}", self.ids["version_id"]))
        address = re.sub(r"\{(\w+)[^}]*\}", lambda name: self.ids[name[1]], path) + probe.query
        return await self.site.http.request(method, address, json=body, headers=headers)

    async def owners(self) -> Any:
        """Everything of the owner's that somebody else could have changed."""
        store, project_id = self.site.stage.store, self.ids["project_id"]
        ada = User(id="ada")
        return (
            await store.project(ada, project_id),
            await store.tree(ada, project_id),
            await store.entries(ada, project_id),
            await store.shares(ada, project_id),
            await store.versions(ada, project_id),
            await store.followups(ada, project_id),
            await store.variables(ada, project_id),
            (await store.usage(ada)).points_used,
        )


@contextlib.asynccontextmanager
async def opened(folder: Path, application: Callable[[Services], FastAPI]) -> AsyncIterator[House]:
    """The whole application, page and sign-in included."""
    variables = {
        "SUPABASE_URL": "http://127.0.0.1:9",
        "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x",
        "CODEFLOW_SECRETS_KEY": "a key that seals what these tests set",
    }
    async with served(
        folder, application, "free", CODEFLOW_SIGN_IN_WITH="github", CODEFLOW_METRICS_TOKEN="m", **variables
    ) as site:
        yield House(site, {})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path, lambda services: with_named_people(create_app(services))) as house:
        site = house.site
        site.services.setup.done("Ready")
        project_id = await built(site, ADA, SECRET)
        link, share = await shared(site, ADA, project_id, history=False)
        followup_id = await waiting(site, ADA, project_id)
        await site.http.put(f"/api/projects/{project_id}/variables/API_KEY", headers=ADA, json={"value": SECRET})
        run = (await site.stage.store.entries(User(id="ada"), project_id))[0].run_id
        card = (await site.http.get("/api/projects", headers=ADA)).json()[0]
        house.ids |= {
            "project_id": project_id,
            "run_id": run,
            "version_id": share["version_id"],
            "sha256": card["screenshot_sha256"],
            "share_id": share["id"],
            "followup_id": followup_id,
            "token": urlsplit(link).path.removeprefix("/s/"),
            "provider": "github",
            "name": "API_KEY",
            "rest": "no/such",
        }
        yield house


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of each; what is mounted belongs to the page, and is probed by `GRADIO`."""
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, Mount):
            assert context.path
            yield from ((method, context.path) for method in context.methods or ())


async def test_there_is_a_probe_for_every_route(tmp_path: Path) -> None:
    apps: list[FastAPI] = []

    def kept(services: Services) -> FastAPI:
        apps.append(create_app(services))
        return apps[0]

    async with opened(tmp_path, kept):
        assert set(routes_of(apps[0])) == PROBES.keys()
        mounted = [r.path for r in apps[0].routes if isinstance(r, Mount)]
    assert [path.partition("-")[0] for path in mounted] == ["/ui", ""], "assets, the same for all, and the page"


async def test_each_handler_asks_for_itself_who_it_is(house: House) -> None:
    """Even were no middleware before it."""
    before = await house.owners()
    for (method, path), probe in PROBES.items():
        answer = await house.probe(method, path, probe)
        assert answer.status_code == probe.stranger, (method, path, answer.text[:300])
        if probe.stranger == 401:
            assert answer.json()["error"]["code"] == "not_signed_in"
        if not probe.tells:
            assert SECRET not in answer.text
            assert "Acted" not in answer.text, (method, path)
    assert await house.owners() == before


async def test_somebody_else_gets_nothing_by_the_owners_ids(house: House) -> None:
    before = await house.owners()
    for (method, path), probe in PROBES.items():
        answer = await house.probe(method, path, probe, **EVE)
        assert answer.status_code == probe.other, (method, path, answer.text[:300])
        assert SECRET.encode() not in answer.content
        if answer.status_code == 404 and path.startswith("/api/"):
            assert answer.json()["error"]["code"] == "not_found"
    assert await house.owners() == before


async def test_the_owner_does_get_it(house: House) -> None:
    """A probe that everybody fails would prove nothing."""
    for (method, path), probe in PROBES.items():
        closed = (probe.stranger, probe.other) == (401, 404)
        if closed and method == "GET" and (method, path) != ENDLESS:
            answer = await house.probe(method, path, probe, **ADA)
            assert answer.status_code == 200, (method, path, answer.text[:300])


async def test_without_a_session_the_door_is_shut_before_any_handler(tmp_path: Path) -> None:
    ids = dict.fromkeys(("project_id", "run_id", "version_id", "share_id", "followup_id", "token"), "nope")
    async with opened(tmp_path, create_app) as house:
        house.ids |= {**ids, "sha256": "0" * 64, "provider": "github", "name": "API_KEY"}
        for (method, path), probe in PROBES.items():
            shut = probe.stranger == 401 and not path.startswith(("/auth/", "/api/shared/"))
            if shut:
                answer = await house.probe(method, path, probe)
                assert answer.status_code == 401, (method, path)
                assert answer.json()["error"]["code"] == "not_signed_in"
        for method, path in GRADIO:
            answer = await house.site.http.request(method, path)
            assert answer.status_code == 401, (method, path)
        page = await house.site.http.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/signin")


async def test_another_website_can_use_no_route_even_with_the_owners_browser(house: House) -> None:
    before = await house.owners()
    for (method, path), probe in PROBES.items():
        if (method, path) == ENDLESS:
            continue
        for origin in ("https://evil.example", "null"):
            answer = await house.probe(method, path, probe, **ADA, Origin=origin)
            assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)
            if method not in SAFE_METHODS:
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin"), (method, path)
    for method, path in GRADIO:
        if method not in SAFE_METHODS:
            answer = await house.site.http.request(method, path, headers={**ADA, "Origin": "https://evil.example"})
            assert answer.status_code == 403, (method, path)
    assert await house.owners() == before
