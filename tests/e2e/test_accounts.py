"""The product of many users as they meet it: the real page, server, sandbox and Next.js on a Supabase project of the tests."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import browser_executable
from tests.e2e.server import Server
from tests.e2e.test_page import BUILD_MS, MOMENT_MS, app, prompt, verified_cards
from tests.supabase.project import SupabaseServer

pytestmark = [pytest.mark.sandbox, pytest.mark.browser, pytest.mark.timeout(600)]

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory, supabase_server: SupabaseServer) -> Iterator[Server]:
    """A CodeFlow with accounts, whose free tier has a single prompt."""
    server = Server(
        tmp_path_factory.mktemp("hosted") / "data",
        {
            "CODEFLOW_DEMO_PACE": "0",
            "CODEFLOW_SANDBOX_POOL": "0",
            "SUPABASE_URL": supabase_server.url,
            "SUPABASE_PUBLISHABLE_KEY": supabase_server.publishable_key,
            "SUPABASE_WORKER_TOKEN": supabase_server.mint("codeflow_worker"),
            "CODEFLOW_SESSION_SECRET": "a-secret-of-these-tests-and-of-nobody-else",
            "CODEFLOW_UPGRADE_URL": "https://pay.example/pro",
        },
    )
    before = supabase_server.sql("select points from public.tiers where id = 'free'")[0]["points"]
    supabase_server.sql("update public.tiers set points = 1 where id = 'free'")
    server.start()
    supabase_server.set_site_url(server.url)
    try:
        yield server
    finally:
        server.stop()
        supabase_server.sql("update public.tiers set points = %s where id = 'free'", before)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


def visitor(browser: Browser) -> Page:
    """Somebody with a browser of their own."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(MOMENT_MS)
    return page


def test_sign_up_build_reach_the_limit_share_and_a_stranger_remixes(
    browser: Browser, hosted: Server, supabase_server: SupabaseServer
) -> None:
    ada = visitor(browser)
    ada.goto(hosted.url)
    expect(ada).to_have_url(re.compile("/signin"))
    ada.get_by_role("link", name="Create an account").click()
    ada.locator("input[name=email]:visible").fill("ada@journey.example")
    ada.locator("input[type=password]:visible").fill(PASSWORD)
    ada.keyboard.press("Enter")
    mail = supabase_server.mail("ada@journey.example")
    ada.goto(f"{hosted.url}/auth/confirm?token_hash={mail.token_hash}&type=signup&next=/")
    ada.get_by_role("button", name=re.compile("Confirm")).click()

    prompt(ada, "a kanban board for a small team")
    expect(verified_cards(ada)).to_have_count(1, timeout=BUILD_MS)
    expect(app(ada).get_by_label("Add to To do")).to_be_visible(timeout=MOMENT_MS)

    expect(ada.locator("#under .left")).to_contain_text("0 of 1 prompts left")
    # While a run is under way a prompt waits for its turn; now there is none.
    expect(ada.locator("#box .stop-button")).to_have_count(0)
    prompt(ada, "add a Review column")
    expect(ada.locator("#under .error")).to_contain_text("prompt")
    expect(ada.locator("#under .error a")).to_have_attribute("href", re.compile(r"^https://pay\.example/pro\?"))
    expect(ada.locator("#box textarea")).to_have_value("add a Review column")

    ada.get_by_role("button", name="Share", exact=True).click()
    ada.get_by_label("Show the prompts").check()
    ada.get_by_role("button", name="Create link").click()
    link = ada.get_by_label("Link", exact=True).input_value()
    mine = ada.evaluate("() => fetch('/api/projects').then(r => r.json())")

    # Every sandbox dies with the machine; the link does not.
    hosted.kill()
    hosted.start()
    stranger = visitor(browser)
    stranger.goto(hosted.url + link[link.index("/s/") :])
    expect(stranger.get_by_text("a kanban board for a small team")).to_be_visible()
    shown = stranger.frame_locator("iframe")
    expect(shown.get_by_label("Add to To do")).to_be_visible(timeout=BUILD_MS)

    stranger.get_by_role("button", name="Remix").click()
    expect(stranger).to_have_url(re.compile(r"/signin\?next="))
    stranger.get_by_role("button", name=re.compile("without an account")).click()
    expect(stranger).to_have_url(re.compile(r"\?p="))
    expect(stranger.get_by_role("button", name=re.compile("^Remix of"))).to_be_visible()
    expect(stranger.locator("#chat")).to_contain_text("These files are yours now")

    # What the stranger made of it is theirs; Ada's project stays hers alone.
    theirs = stranger.evaluate("() => fetch('/api/projects').then(r => r.json())")
    assert len(mine) == len(theirs) == 1
    assert mine[0]["id"] != theirs[0]["id"]
    assert stranger.evaluate(f"() => fetch('/api/projects/{mine[0]['id']}/tree').then(r => r.status)") == 404
