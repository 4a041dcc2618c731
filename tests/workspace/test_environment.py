"""An app has its variables; whoever reads what the sandbox says has their names."""

import asyncio
import base64
import json

import pytest
import pytest_asyncio

from backend.workspace import PathRefused
from backend.workspace.e2b import E2BWorkspace
from backend.workspace.environment import writable
from backend.workspace.redaction import RedactedWorkspace, Redaction
from backend.workspace.starter import starter_files

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

SECRET = "sk-live-4f9c2e7a1b"
VALUES = {
    "API_KEY": SECRET,
    "EMPTY": "",
    "SPACED": "  a # b  ",
    "DOLLARS": "$HOME ${API_KEY} \\$x $$",
    "QUOTED": 'it\'s "so"',
    "TICKED": "`a` 'b'",
    "SLASHES": "c:\\new\\run\\",
    "KEY_FILE": "-----BEGIN KEY-----\nTUlJRXZRSUJBREFOQmdr\n-----END KEY-----\n",
    "NEXT_PUBLIC_NAME": "Müller & Söhne",
}
FILES = {
    **starter_files(),
    "app/env/route.ts": b"""export const dynamic = "force-dynamic";
export function GET() {
  console.log("the key is " + process.env.API_KEY);
  const names = %s;
  return Response.json(Object.fromEntries(names.map((name: string) => [name, process.env[name]])));
}
"""
    % json.dumps(list(VALUES)).encode(),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(shared_workspace: E2BWorkspace) -> E2BWorkspace:
    await shared_workspace.mirror(FILES, VALUES)
    return shared_workspace


@pytest.fixture
def told(app: E2BWorkspace) -> RedactedWorkspace:
    return RedactedWorkspace(app, Redaction(VALUES))


async def test_the_app_reads_each_value_as_it_was_set(app: E2BWorkspace) -> None:
    assert all(writable(value) for value in VALUES.values())
    assert json.loads((await app.fetch("/env", timeout_s=60)).body) == VALUES


async def test_the_file_is_its_owners_alone_and_none_of_the_projects(app: E2BWorkspace) -> None:
    assert (await app.inspect("stat -c %a .env.local")).stdout == "600\n"
    assert ".env.local" not in app.files
    with pytest.raises(PathRefused):
        await app.read(".env.local")
    changed = await app.run("echo 1 > app/one.txt; echo X=1 >> .env")
    assert [w.change.path for w in changed.written] == ["app/one.txt"]


async def test_what_a_command_prints_has_names_in_place_of_values(told: RedactedWorkspace) -> None:
    heard: list[str] = []

    async def listen(text: str) -> None:
        heard.append(text)

    dripping = f"for part in {' '.join(SECRET)}; do printf %s $part; sleep 0.02; done"
    command = f"cat .env.local; echo; base64 -w0 .env.local; echo; {dripping}"
    result = await told.run(command, on_output=listen)
    for text in (result.output, "".join(heard)):
        assert SECRET not in text
        assert base64.b64encode(SECRET.encode()).decode()[4:12] not in text
        assert "API_KEY=‹API_KEY›" in text
        assert text.endswith("‹API_KEY›")
        assert "TUlJRXZRSUJBREFOQmdr" not in text


async def test_a_value_copied_into_the_project_stays_there_as_its_name(told: RedactedWorkspace) -> None:
    result = await told.run("cat .env.local > app/copied.ts; echo fine > app/fine.txt")
    written = {w.change.path: w for w in result.written}
    content = written["app/copied.ts"].content
    assert content
    assert SECRET.encode() not in content
    assert SECRET not in written["app/copied.ts"].change.diff
    assert written["app/fine.txt"].content == b"fine\n"
    assert told.files["app/copied.ts"] == content
    assert SECRET not in (await told.run("cat app/copied.ts")).output
    assert (await told.inspect("grep -c ‹API_KEY› app/copied.ts")).stdout == "1\n"


async def test_pages_logs_and_checks_are_told_names(told: RedactedWorkspace) -> None:
    await told.dev_log()
    body = (await told.fetch("/env", timeout_s=60)).body
    assert SECRET not in body
    assert '"API_KEY":"‹API_KEY›"' in body
    log = ""
    async with asyncio.timeout(60):
        while "the key is" not in log:
            log += "\n".join(await told.dev_log())
    assert "the key is ‹API_KEY›" in log
    assert SECRET not in log
    shown = await told.inspect("cat .env.local; cat .env.local >&2")
    assert SECRET not in shown.stdout + shown.stderr


async def test_variables_that_are_no_more_are_gone_from_the_app(app: E2BWorkspace) -> None:
    await app.mirror(FILES)
    assert (await app.inspect("ls -d .env* | cat")).stdout == ""
    assert json.loads((await app.fetch("/env", timeout_s=60)).body) == {}
