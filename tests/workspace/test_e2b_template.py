"""The E2B template, through the SDK's builder, against a service that speaks E2B's part of it. Its steps need E2B; what
they are given, and what they say when they fail, does not."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.config import ROOT, Settings
from backend.domain import Unavailable
from backend.workspace import e2b_template, starter
from backend.workspace.e2b_template import CHROMIUM, PROFILE, build, shortcoming, tag
from backend.workspace.layout import APP, RUNTIME, START
from backend.workspace.provision_browser import Browser
from backend.workspace.provision_node import Node
from backend.workspace.provision_template import HostTemplate
from backend.workspace.starter import runtime_files, starter_files
from tests.workspace.template_service import KEY, TemplateService, template_service

LOG = ["[base] pulling node:24-bookworm", "[2/9] npm ci", "[2/9] added 2 packages", "snapshot taken"]


@pytest.fixture
async def service() -> AsyncIterator[TemplateService]:
    async with template_service() as service:
        service.log = LOG
        yield service


def settings_for(service: TemplateService, **variables: str) -> Settings:
    return Settings.model_validate({"E2B_API_KEY": KEY, "E2B_API_URL": service.url, **variables})


def exported(profile: str) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)=(.*)$", profile, re.MULTILINE))


async def test_everything_sandboxes_need_is_sent_and_nothing_else(service: TemplateService) -> None:
    told: list[str] = []
    assert await build(settings_for(service), told.append) == "tpl1"
    assert [line for line in told if line in LOG] == LOG
    runtime, starter = service.files("runtime"), service.files("starter")
    assert runtime == {f"runtime/{name}": content for name, content in runtime_files().items()}
    assert {path.name for path in (ROOT / "template/runtime").glob("*.cjs")} <= {name.split("/")[1] for name in runtime}
    assert starter == {f"starter/{path}": content for path, content in starter_files().items()}
    assert not [name for name in (*runtime, *starter) if "node_modules" in name or "/.env" in name or "/.next" in name]
    assert not any(KEY.encode() in archive for archive in service.archives.values())
    assert KEY not in json.dumps([service.asked, service.started])


def test_what_a_developer_keeps_beside_the_starter_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".env", ".env.local", "app/page.tsx", "node_modules/x/index.js", ".next/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    monkeypatch.setattr(starter, "STARTER", tmp_path)
    assert set(starter.starter_files()) == {"app/page.tsx"}


async def test_the_image_has_what_the_embedded_host_mounts(service: TemplateService, tmp_path: Path) -> None:
    await build(settings_for(service), lambda line: None)
    node = Node(tmp_path / "node", "v24")
    host = HostTemplate(node, tmp_path, tmp_path, Browser(CHROMIUM, None), {"registry": "https://registry"})
    embedded = json.loads(host.json(warming=False))
    steps = [(step["type"], *step["args"]) for step in service.started["steps"]]
    copied = {step[1]: step[2] for step in steps if step[0] == "COPY"}
    targets = {mount["target"] for mount in embedded["mounts"]} - {"/opt/node"}
    assert {copied["runtime"], f"{copied['starter']}/node_modules"} == targets
    assert copied["profile.sh"] == PROFILE
    commands = [step[1] for step in steps if step[0] == "RUN"]
    for folder in (RUNTIME, APP):
        assert any(f"cd {folder} && npm ci" in command for command in commands)
    # What is this machine's own: its registry and certificates; a compiler's cache that many sandboxes share.
    own = {"npm_config_registry", "NODE_EXTRA_CA_CERTS", "npm_config_cafile", "TURBO_ENGINE_READ_ONLY"}
    variables = exported(service.files("profile.sh")["profile.sh"].decode())
    assert variables.keys() == embedded["envs"].keys() - own
    assert {name: value.strip("'") for name, value in variables.items()} == {n: embedded["envs"][n] for n in variables}
    for start in (embedded["start_cmd"], service.started["startCmd"]):
        assert f"exec {START}" in start
        assert f"cd {APP}" in start
    assert service.started["startCmd"].startswith(f". {PROFILE} ")


async def test_a_build_that_fails_says_why_and_shows_the_end_of_its_log(service: TemplateService) -> None:
    service.fails = "command failed with exit status 1: npm ci"
    with pytest.raises(Unavailable, match="npm ci") as failure:
        await build(settings_for(service), lambda line: None)
    assert "added 2 packages" in failure.value.message
    assert "still in force" in failure.value.message


async def test_a_refused_key_and_a_service_out_of_reach_are_told(service: TemplateService) -> None:
    for settings, words in (
        (settings_for(service, E2B_API_KEY="e2b_" + "f" * 40), "E2B_API_KEY"),
        (settings_for(service, E2B_API_URL="http://127.0.0.1:9"), "reachable"),
    ):
        with pytest.raises(Unavailable, match=words):
            await build(settings, lambda line: None)


async def test_whether_the_template_is_there_and_the_one_of_this_code_can_be_asked(
    service: TemplateService, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(service)
    assert "codeflow template" in (await shortcoming(settings) or "")
    await build(settings, lambda line: None)
    assert service.asked["tags"] == [tag(settings)]
    assert await shortcoming(settings) is None
    framed = settings_for(service, CODEFLOW_PUBLIC_URL="https://codeflow.example.com")
    assert "codeflow template" in (await shortcoming(framed) or "")
    changed = runtime_files() | {"new.cjs": b"// more"}
    monkeypatch.setattr(e2b_template, "runtime_files", lambda: changed)
    assert "codeflow template" in (await shortcoming(settings) or "")


async def test_building_without_a_key_names_the_variable() -> None:
    with pytest.raises(Unavailable, match="E2B_API_KEY"):
        await build(Settings(E2B_API_KEY=None), on_line=print)
