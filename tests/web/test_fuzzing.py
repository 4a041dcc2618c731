"""Thousands of requests nobody would send, made up from the routes' own description: none may break the server."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import hypothesis
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.web.api import create_api
from tests.web.conftest import Site

EXAMPLES = 5
"""Of each kind, for each route: half a second a route."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
TIMEOUT_S = 10
PATCH = "PATCH /api/followups/{followup_id}"
ENDLESS = "/api/projects/{project_id}/events"
"""Never answers to its end for a project there is."""
BOUNDED = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    phases=[Phase.generate],
)


class Fuzzer:
    def __init__(self, description: dict[str, Any], base_url: str, ids: Mapping[str, str]) -> None:
        self._schema = schemathesis.openapi.from_dict(description)
        self._base_url = base_url
        self._ids = ids
        """Of things there are: made-up ids alone would never get far."""
        self.asked: dict[str, list[int]] = {}
        """Statuses, by route."""
        self.faults: list[Exception] = []

    def run(self) -> None:
        for result in self._schema.get_all_operations():
            operation = cast(Any, result).ok()
            known = {name: self._ids[name] for name in self._ids if f"{{{name}}}" in operation.path}
            ways = [{}, known] if known and operation.method != "delete" and operation.path != ENDLESS else [{}]
            for path_parameters in ways:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    self._try(operation, mode, path_parameters)

    def _try(self, operation: Any, mode: GenerationMode, path_parameters: dict[str, str]) -> None:
        chosen = {"path_parameters": path_parameters} if path_parameters else {}
        session = requests.Session()

        @BOUNDED
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode, **chosen))
        def one(case: Any) -> None:
            response = case.call(self._base_url, session=session, timeout=TIMEOUT_S)
            self.asked.setdefault(operation.label, []).append(response.status_code)
            case.validate_response(response, checks=CHECKS)

        try:
            one()
        except Unsatisfiable:
            pass  # Nothing about this route can be wrong.
        except Exception as error:
            self.faults.append(error)
        finally:
            session.close()


def described(site: Site) -> dict[str, Any]:
    """The product serves no description of its routes; this is it."""
    api: FastAPI = create_api(site.services)
    api.openapi_url = "/openapi.json"
    return json.loads(json.dumps(api.openapi()))


async def things(site: Site) -> dict[str, str]:
    project_id, run_id = await site.finished()
    card = (await site.http.get("/api/projects")).json()[0]
    stopped = (await site.http.post(f"/api/projects/{project_id}/runs", json={"prompt": "more"})).json()["run_id"]
    added = (await site.http.post(f"/api/projects/{project_id}/followups", json={"prompt": "later"})).json()
    await site.http.post(f"/api/runs/{stopped}/cancel")
    made = (await site.http.post(f"/api/projects/{project_id}/shares", json={"history": True})).json()
    return {
        "project_id": project_id,
        "run_id": run_id,
        "version_id": made["share"]["version_id"],
        "sha256": card["screenshot_sha256"],
        "share_id": made["share"]["id"],
        "followup_id": added["followup_id"],
        "token": urlsplit(made["url"]).path.removeprefix("/s/"),
    }


@pytest.mark.timeout(300)
async def test_no_request_breaks_the_server_and_every_answer_is_as_described(site: Site) -> None:
    site.services.setup.done("Ready")
    ids = await things(site)
    fuzzer = Fuzzer(described(site), str(site.http.base_url), ids)
    await asyncio.to_thread(fuzzer.run)
    if fuzzer.faults:
        raise ExceptionGroup("faults", fuzzer.faults)
    description = described(site)
    labels = {f"{m.upper()} {path}" for path, methods in description["paths"].items() for m in methods}
    assert fuzzer.asked.keys() == labels
    succeeded = {label for label, statuses in fuzzer.asked.items() if any(s < 300 for s in statuses)}
    assert {"GET /api/projects/{project_id}/tree", "POST /api/projects", "GET /api/shared/{token}", PATCH} <= succeeded
    assert sum(map(len, fuzzer.asked.values())) > 5 * len(labels)
