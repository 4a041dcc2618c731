"""The whole product as a person meets it: the real page, server, sandbox and Next.js, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from tests.browser import browser_executable
from tests.e2e.server import Server

pytestmark = [pytest.mark.sandbox, pytest.mark.browser, pytest.mark.timeout(600)]

BUILD_MS = 150_000
MOMENT_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(MOMENT_MS)
    page.goto(server.url)
    yield page
    context.close()


def prompt(page: Page, text: str) -> None:
    box = page.locator("#box textarea")
    expect(box).to_be_editable(timeout=MOMENT_MS)
    box.fill(text)
    box.press("Enter")


def verified_cards(page: Page):
    return page.locator("#chat .card.version .badge.ok")


def app(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='The running app']")


def test_prompt_becomes_a_verified_app_that_works_and_changes_in_the_same_page_also_after_a_reload(page: Page) -> None:
    prompt(page, "a kanban board for a small team")
    expect(page.locator("#chat")).to_contain_text("a kanban board for a small team")
    expect(page).to_have_url(re.compile(r"\?p="))
    expect(page.locator("#chat .step").nth(4)).to_be_attached()
    page.reload()
    expect(page.locator("#chat")).to_contain_text("a kanban board for a small team")
    expect(verified_cards(page)).to_have_count(1, timeout=BUILD_MS)
    expect(page.locator("#chat")).to_contain_text(re.compile(r"\b[1-9]\d steps"))

    board = app(page)
    board.get_by_label("Add to To do").click()
    board.get_by_label("Title").fill("Ship the first release")
    board.get_by_role("button", name="Add card").click()
    expect(board.get_by_text("Ship the first release")).to_be_visible()

    page.get_by_role("tab", name="Code").click()
    page.locator("#tree").get_by_text("page.tsx").first.click()
    expect(page.locator("#reader .cm-content")).to_contain_text("import")
    page.get_by_role("tab", name="Changes").click()
    expect(page.locator("#changes")).to_contain_text("app/page.tsx")
    page.get_by_role("tab", name="Preview").click()

    prompt(page, "add a Review column")
    expect(verified_cards(page)).to_have_count(2, timeout=BUILD_MS)
    expect(board.get_by_role("region", name="Review").or_(board.get_by_label("Add to Review")).first).to_be_visible()
    expect(board.get_by_text("Ship the first release")).to_be_visible()


def test_stop_ends_the_run_keeps_the_files_and_what_waits_for_the_person_to_send_it(page: Page, server: Server) -> None:
    prompt(page, "a kanban board to be stopped")
    expect(page.locator("#chat")).to_contain_text("Created", timeout=60_000)
    prompt(page, "a kanban board for a small team")
    expect(page.locator("#queue .queue-text")).to_have_text("a kanban board for a small team")
    page.locator("#box .stop-button").click()
    expect(page.locator("#chat .card.stopped")).to_be_visible()
    expect(page.locator("#queue .queue-words")).to_have_text("Stopped: this waits for you")
    project = re.search(r"p=([^&]+)", page.url)
    assert project
    tree = server.get(f"/api/projects/{project[1]}/tree")
    assert any(file["status"] in ("A", "M") for file in tree)
    page.get_by_role("button", name="Send now").click()
    expect(verified_cards(page)).to_have_count(1, timeout=BUILD_MS)
    expect(page.locator("#queue .queue")).to_be_hidden()


def test_empty_and_oversized_prompts_are_refused_and_kept(page: Page) -> None:
    box = page.locator("#box textarea")
    expect(box).to_be_editable(timeout=MOMENT_MS)
    text = "kanban ${alert(1)} <img src=x onerror=alert(1)> " * 4500
    box.fill(text)
    box.press("Enter")
    expect(page.locator("#under")).to_contain_text("at most 100,000")
    expect(box).to_have_value(text)
    assert "?p=" not in page.url
