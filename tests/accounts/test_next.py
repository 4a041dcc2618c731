"""After signing in, one is on a page of ours."""

import pytest

from backend.web.auth_paths import local_path
from tests.accounts.conftest import Site

OURS = "https://codeflow.example"


@pytest.mark.parametrize(
    "path",
    ["/", "/?p=1", "/s/abc?remix", "/s/a-b_c~d.e", "/?q=a%20b&x=1", "/?next=https://evil.example", "/a:b@c", "/#top"],
)
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert local_path(path) == path
    assert local_path(OURS + path, OURS) == path


@pytest.mark.parametrize(
    "wanted",
    [
        *("", "evil.example", "https://evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x"),
        *(
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\\/evil.example",
        ),
        *(
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "/\x00/evil",
        ),
        *("https:/evil.example", "https://codeflow.example.evil.example/", "https://codeflow.example@evil.example/"),
        *("https://codeflow.example//evil.example", "https://codeflow.example/\\evil.example", "//codeflow.example/"),
        *("/auth/sign-out", "/signin", "/signin?next=/signin", "/\u2028/evil", "/" + "x" * 600),
    ],
)
def test_everything_else_leads_home(wanted: str) -> None:
    assert local_path(wanted, OURS) == "/"


def test_another_script_is_written_so_that_a_header_can_carry_it() -> None:
    assert local_path("/?q=é") == "/?q=%C3%A9"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_no_route_sends_anybody_away(site: Site, wanted: str) -> None:
    async with site.browser() as browser:
        answer = await browser.post("/auth/anonymous", json={"next": wanted})
        assert answer.json() == {"ok": True, "next": "/"}
