"""The project every new project begins with."""

import json
import re

import pytest

from backend.workspace.starter import starter_files
from tests.template.conftest import ANSWERS, Machine


def test_starter_holds_sources_and_nothing_generated() -> None:
    files = starter_files()
    assert {
        "package.json",
        "package-lock.json",
        "app/layout.tsx",
        "app/page.tsx",
        "app/globals.css",
        "lib/utils.ts",
    } <= files.keys()
    assert not [path for path in files if "node_modules" in path or ".next" in path or path == "next-env.d.ts"]


def test_lockfile_names_no_registry_and_covers_every_platform() -> None:
    lock = json.loads(starter_files()["package-lock.json"])["packages"]
    assert not [name for name, package in lock.items() if "resolved" in package]
    wanted = {dependency for package in lock.values() for dependency in package.get("optionalDependencies", {})}
    assert not [name for name in wanted if not any(path.endswith(f"node_modules/{name}") for path in lock)]


def test_dependencies_have_exact_versions() -> None:
    manifest = json.loads(starter_files()["package.json"])
    versions = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert not {name: version for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)}


@pytest.mark.sandbox
@pytest.mark.asyncio(loop_scope="session")
async def test_starter_type_checks(machine: Machine) -> None:
    await machine.run("curl -sf http://127.0.0.1:3000/ -o /dev/null && node_modules/.bin/tsc --noEmit")


@pytest.mark.sandbox
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_starter_opens_without_an_error_and_is_photographed(machine: Machine) -> None:
    report = await machine.check("/", photos=True, clicks=True)
    assert [(r["route"], r["status"], r["title"], r["errors"]) for r in report["routes"]] == [("/", 200, "New app", [])]
    picture = bytes(await machine.remote.files.read(report["photos"]["desktop"], format="bytes"))
    assert picture.startswith(b"\xff\xd8\xff")
    assert (800).to_bytes(2, "big") + (1280).to_bytes(2, "big") in picture


@pytest.mark.sandbox
@pytest.mark.asyncio(loop_scope="session")
async def test_dev_server_comes_back_when_killed_and_when_asked(machine: Machine) -> None:
    before = await machine.run("pgrep next-server | head -1")
    await machine.run(f"pkill -9 next-server; sleep 0.3; {ANSWERS}")
    after = await machine.run("pgrep next-server | head -1")
    assert after not in ("", before)
    await machine.run(f"node /opt/codeflow/dev.cjs restart; sleep 0.3; {ANSWERS}")
    assert await machine.run("pgrep next-server | head -1") not in ("", after)
    log = await machine.run("cat /tmp/codeflow/dev.log")
    assert "the dev server ended (SIGKILL); it starts again" in log
    assert "restarting the dev server" in log


@pytest.mark.sandbox
@pytest.mark.asyncio(loop_scope="session")
async def test_sandbox_has_node_and_npm_but_no_secret_of_the_host(machine: Machine) -> None:
    assert re.match(r"v\d+\.\d+\.\d+\n\d+\.\d+", await machine.run("node --version; npm --version"))
    environment = await machine.run("env; cat ~/.npmrc 2>/dev/null || true")
    assert not re.search(r"_authToken|API_KEY", environment)
