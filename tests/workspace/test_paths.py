import pytest

from backend.workspace import PathRefused
from backend.workspace.paths import folders, generated, glob_pattern, project_path


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("app/page.tsx", "app/page.tsx"),
        ("./app/page.tsx", "app/page.tsx"),
        ("/home/user/app/lib/a.ts", "lib/a.ts"),
        ("app/../lib/a.ts", "lib/a.ts"),
        ("app\\page.tsx", "app/page.tsx"),
        ("app/[id]/(group)/@slot/page.tsx", "app/[id]/(group)/@slot/page.tsx"),
        ("app/größe.ts", "app/größe.ts"),
    ],
)
def test_a_path_is_told_in_one_way(given: str, meant: str):
    assert project_path(given) == meant


@pytest.mark.parametrize(
    "path",
    [
        "",
        "  ",
        ".",
        "/",
        "/etc/passwd",
        "/home/user/app",
        "/home/user/other/x",
        "~/x",
        "../x",
        "app/../../x",
        "node_modules/next/package.json",
        "app/node_modules/x.js",
        ".next/cache",
        ".git/config",
        ".env",
        ".env.local",
        "app/.env.production",
        "a\0b",
        "a\nb",
        "x" * 300,
    ],
)
def test_a_path_that_is_not_the_projects_is_refused(path: str):
    with pytest.raises(PathRefused) as refused:
        project_path(path)
    assert len(refused.value.message) > 20


def test_generated_files_are_nobodys_change():
    assert generated("next-env.d.ts")
    assert generated("tsconfig.tsbuildinfo")
    assert not generated("app/env.d.ts")


def test_folders_of_files():
    assert folders(["app/a/b.ts", "c.ts"]) == {"app", "app/a"}


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("**/*", "page.tsx", True),
        ("**/*", "app/page.tsx", True),
        ("*.tsx", "app/page.tsx", True),
        ("app/*.tsx", "app/page.tsx", True),
        ("app/*.tsx", "app/x/page.tsx", False),
        ("app/**/*.{ts,tsx}", "app/x/page.tsx", True),
        ("app/**", "app/x/page.tsx", True),
        ("app/**/*.{ts,tsx}", "app/x/page.css", False),
        ("a?c.ts", "abc.ts", True),
        ("app/[id]/*", "app/[id]/page.tsx", True),
        ("a+b.ts", "aab.ts", False),
    ],
)
def test_globs(glob: str, path: str, matches: bool):
    assert bool(glob_pattern(glob).match(path)) is matches


def test_a_glob_cannot_be_made_to_take_forever():
    with pytest.raises(PathRefused):
        glob_pattern("*a" * 40)
