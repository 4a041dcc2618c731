import json

import pytest

from backend.workspace.packages import add_command, needed, unusable


@pytest.mark.parametrize(
    "name", ["zod", "@dnd-kit/core", "lodash.debounce", "react@19.3.1", "next@canary", "a@^1.2.0", "@a/b@>=1"]
)
def test_names_of_registry_packages_are_accepted(name: str):
    assert unusable([name]) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "--ignore-scripts=false",
        "-g",
        "https://example.com/x.tgz",
        "git+ssh://git@host/x.git",
        "user/repo",
        "github:user/repo",
        "./local",
        "../x",
        "/etc",
        "file:../x",
        "npm:other@1",
        "a b",
        "a;rm -rf /",
        "Name",
        "a@npm:b@1",
        "a\n",
    ],
)
def test_whatever_else_npm_would_install_is_refused_with_the_reason(name: str):
    reason = unusable(["zod", name])
    assert reason is not None
    assert repr(name) in reason


def test_nothing_and_too_much_are_refused():
    assert unusable([])
    assert unusable(["zod"] * 31)


def test_names_reach_npm_as_names():
    assert add_command(["zod", "@a/b@>=1"]).endswith("--save-exact -- zod '@a/b@>=1'")


def test_what_a_project_needs_is_read_from_its_manifest_and_lock():
    files = {
        "package.json": json.dumps({"dependencies": {"a": "^1"}, "devDependencies": {"@b/c": "2"}}).encode(),
        "package-lock.json": json.dumps({"packages": {"node_modules/a": {"version": "1.4.0"}}}).encode(),
    }
    assert needed(files) == {"a": "1.4.0", "@b/c": None}


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"dependencies": 3}', b'{"dependencies": null}'])
def test_a_broken_manifest_needs_nothing(broken: bytes):
    assert needed({"package.json": broken}) == {}
