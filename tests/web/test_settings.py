"""A project's settings over HTTP: values go in and never come out."""

from datetime import datetime

from backend.agent.models import named_choices
from backend.config import Settings
from backend.domain import RunKind
from backend.web.session import LOCAL_USER
from tests.web.conftest import Site

SECRET = "sk-live-4f9c2e7a1b"


async def test_a_variable_is_set_listed_by_name_and_removed(site: Site) -> None:
    project_id, _ = await site.start()
    at = f"/api/projects/{project_id}"
    for name in ("URL", "API_KEY"):
        put = await site.http.put(f"{at}/variables/{name}", json={"value": SECRET})
        assert (put.status_code, put.content) == (204, b"")
    answer = await site.http.get(f"{at}/settings")
    assert SECRET not in answer.text
    variables = answer.json()["variables"]
    assert [variable["name"] for variable in variables] == ["API_KEY", "URL"]
    assert datetime.fromisoformat(variables[0]["updated_at"]).tzinfo
    assert (await site.http.delete(f"{at}/variables/URL")).status_code == 204
    assert [v["name"] for v in (await site.http.get(f"{at}/settings")).json()["variables"]] == ["API_KEY"]
    exported = await site.http.get("/api/account/export.zip")
    assert SECRET.encode() not in exported.content


async def test_what_the_sandbox_needs_or_no_file_can_hold_is_refused_with_a_reason(site: Site) -> None:
    project_id, _ = await site.start()
    at = f"/api/projects/{project_id}/variables"
    for name in ("PATH", "NODE_OPTIONS", "CODEFLOW_X", "NEXT_RUNTIME", "PORT", "lower", "1X", "A-B"):
        answer = await site.http.put(f"{at}/{name}", json={"value": "x"})
        assert answer.status_code == 422, name
    for value in ("a\0b", "x" * 8193, "'\"`", "x # y\\"):
        answer = await site.http.put(f"{at}/API_KEY", json={"value": value})
        assert answer.status_code == 422, value
        assert "value" in answer.json()["error"]["message"]
    assert (await site.http.put(f"{at}/NEXT_PUBLIC_NAME", json={"value": "x" * 8192})).status_code == 204
    settings = (await site.http.get(f"/api/projects/{project_id}/settings")).json()
    assert [variable["name"] for variable in settings["variables"]] == ["NEXT_PUBLIC_NAME"]


async def test_a_model_is_one_of_those_there_are(site: Site) -> None:
    project_id, _ = await site.start()
    at = f"/api/projects/{project_id}/settings"
    settings = (await site.http.get(at)).json()
    assert settings["model"] is None
    assert settings["models"] == [{"id": "demo:demo", "name": "demo", "title": "The demo model"}]
    refused = await site.http.patch(at, json={"model": "openai:gpt-nope"})
    assert refused.status_code == 422
    assert "demo:demo" in refused.json()["error"]["message"]
    assert (await site.http.patch(at, json={"model": "demo:demo"})).status_code == 204
    assert (await site.http.get(at)).json()["model"] == "demo:demo"
    assert (await site.http.patch(at, json={"model": None})).status_code == 204
    assert (await site.http.get(at)).json()["model"] is None


def test_without_keys_the_choice_is_what_the_settings_name() -> None:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        AI_PROVIDER="openai",
        AI_MODELS="gemini:gemini-4-argon, openai:gpt-6-luna, compatible:qwen:7b, compatible",
    )
    assert [choice.id for choice in named_choices(settings)] == [
        "openai:gpt-6.1-sol",
        "gemini:gemini-4-argon",
        "openai:gpt-6-luna",
        "compatible:qwen:7b",
    ]


async def test_a_prompt_may_ask_for_a_plan_of_a_new_project_and_of_one_there_is(site: Site) -> None:
    answer = (await site.http.post("/api/projects", json={"prompt": "a page", "plan": True})).json()
    run = await site.stage.store.run(LOCAL_USER, answer["run_id"])
    assert run.kind is RunKind.PLAN
    await site.http.post(f"/api/runs/{run.id}/cancel")
    at = f"/api/projects/{answer['project_id']}/runs"
    again = (await site.http.post(at, json={"prompt": "another page", "plan": True, "resends": run.id})).json()
    run = await site.stage.store.run(LOCAL_USER, again["run_id"])
    assert (run.kind, run.restore_id) == (RunKind.PLAN, None)
    await site.http.post(f"/api/runs/{run.id}/cancel")
    built = (await site.http.post(at, json={"prompt": "that page"})).json()
    assert (await site.stage.store.run(LOCAL_USER, built["run_id"])).kind is RunKind.PROMPT
