"""The account's menu, what is left of the tier, and sharing, against the simulated server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.ui.conftest import Stage, opened
from tests.ui.test_page import send

pytestmark = pytest.mark.browser


@pytest.fixture
def signed_in(browser: BrowserContext, stage: Stage) -> Iterator[tuple[Page, Stage]]:
    """A page of an account that has used 3 of its 5 prompts."""
    stage.sim.reset()
    stage.sim.sign_in("ada@example.com", 3)
    with opened(browser, stage, 1280, 800) as page:
        yield page, stage


def test_without_sign_in_there_is_no_account(page: Page) -> None:
    expect(page.locator("#topbar .look, #topbar .icon-button").first).to_be_visible()
    expect(page.locator("#topbar .avatar")).to_have_count(0)
    expect(page.locator("#under .left")).to_be_hidden()


def test_the_menu_says_who_is_signed_in_what_is_left_and_when_it_resets(signed_in: tuple[Page, Stage]) -> None:
    page, stage = signed_in
    page.get_by_role("button", name="Account of ada@example.com").click()
    menu = page.get_by_role("dialog", name="Account")
    expect(menu).to_contain_text("2 of 5 prompts left")
    expect(menu).to_contain_text("resets")
    expect(menu).to_contain_text("$0.13 of $2.00")
    expect(menu.get_by_role("link", name="Upgrade to Pro")).to_have_attribute("href", "https://pay.example/pro")
    menu.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/signin")
    assert stage.sim.signed_out == [True]


def test_a_limit_reached_keeps_the_prompt_says_when_it_resets_and_shows_the_way_up(
    signed_in: tuple[Page, Stage],
) -> None:
    page, stage = signed_in
    assert stage.sim.usage
    expect(page.locator("#under .left")).to_be_hidden()
    send(page, "A waitlist page")
    expect(page.locator("#chat .card.version .badge")).to_have_text("Verified")
    expect(page.locator("#under .left")).to_contain_text("1 of 5 prompts left")
    stage.sim.usage["points_used"] = 5
    send(page, "Make it blue")
    expect(page.locator("#under .error")).to_contain_text("Your 5 prompts are used up until 18:40.")
    expect(page.locator("#under .error a")).to_have_text("Upgrade to Pro")
    expect(page.locator("#box textarea")).to_have_value("Make it blue")


def test_what_waits_is_held_by_the_limit_and_shows_the_way_up(signed_in: tuple[Page, Stage]) -> None:
    page, stage = signed_in
    assert stage.sim.usage
    stage.sim.usage["points_used"] = 4
    send(page, "a patient board")
    expect(page.locator("#chat .step.edit")).to_be_attached()
    send(page, "accent one")
    expect(page.locator("#queue li")).to_have_count(1)
    stage.sim.projects["p1"].released = True
    expect(page.locator("#queue .queue-words")).to_have_text("Your limit is reached: this waits for you")
    expect(page.locator("#queue a")).to_have_text("Upgrade to Pro")
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#under .error")).to_contain_text("Your 5 prompts are used up until 18:40.")
    stage.sim.usage["points_used"] = 0
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#chat .card.version")).to_have_count(2)


def test_a_trial_is_shown_the_way_to_an_account(browser: BrowserContext, stage: Stage) -> None:
    stage.sim.reset()
    stage.sim.sign_in(None, 1, "Anonymous")
    with opened(browser, stage, 1280, 720) as page:
        page.get_by_role("button", name="Your trial").click()
        way = page.get_by_role("link", name="Create an account")
        expect(way).to_have_attribute("href", "/signin?view=upgrade&next=%2F")
        expect(page.get_by_role("button", name="Sign out everywhere")).to_have_count(0)


def test_an_account_is_deleted_only_when_its_address_was_typed(signed_in: tuple[Page, Stage]) -> None:
    page, stage = signed_in
    page.get_by_role("button", name="Account of ada@example.com").click()
    page.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog", name="Delete your account?")
    dialog.get_by_role("textbox").fill("eve@example.com")
    dialog.get_by_role("button", name="Delete everything").click()
    expect(dialog.get_by_role("alert")).to_contain_text("does not match")
    dialog.get_by_role("textbox").fill("ada@example.com")
    dialog.get_by_role("button", name="Delete everything").click()
    page.wait_for_url("**/signin")
    assert stage.sim.deleted == ["ada@example.com"]


def test_a_link_is_made_copied_listed_and_revoked(signed_in: tuple[Page, Stage]) -> None:
    page, stage = signed_in
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_hidden()
    send(page, "A waitlist page")
    expect(page.locator("#chat .card.version .badge")).to_have_text("Verified")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share")
    dialog.get_by_label("Show the prompts").check()
    dialog.get_by_role("button", name="Create link").click()
    expect(dialog.get_by_label("Link", exact=True)).to_have_value("http://127.0.0.1/s/token-s1")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    expect(dialog.locator(".share-item")).to_contain_text("with prompts")
    assert stage.sim.shares[0]["history"] is True
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.locator(".share-item")).to_have_count(0)
    expect(dialog.get_by_label("Link", exact=True)).to_be_hidden()
    assert stage.sim.shares == []
