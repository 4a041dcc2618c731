"""What a share's link opens, for a stranger in a real browser, against simulated shares and a real preview frame."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

from backend.domain import ShareState
from tests.ui.accessibility import faults, in_both_looks, scrolls_sideways
from tests.ui.pages_simulator import PASSWORD, SimShare
from tests.ui.pages_stage import Site, visit

pytestmark = pytest.mark.browser

HOSTILE = "</title></script><img src=x onerror=window.hacked=1>{{window.hacked=2}}${window.hacked=3}\"'"


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    return site.url


@pytest.fixture
def share(site: Site) -> SimShare:
    site.sim.shares.clear()
    site.sim.calls.clear()
    return site.sim.share("board")


@pytest.fixture
def page(browser: BrowserContext, site: Site, share: SimShare) -> Iterator[Page]:
    with visit(browser, site) as page:
        yield page


def app(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='The running app']")


def runs(page: Page) -> None:
    expect(app(page).get_by_role("heading", name="Team board")).to_be_visible()
    expect(page.locator("#cover")).to_be_hidden()


def look_again(page: Page) -> None:
    """As after another tab: what the page would ask in a while, it asks now."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_sleeping_app_is_woken_shown_and_can_be_used(page: Page, share: SimShare) -> None:
    share.polls_to_ready = 2
    page.goto("/s/board")
    expect(page.get_by_role("heading", level=1)).to_have_text("Team board")
    expect(page.get_by_text("Version 2 · 22 Nov 2026")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Waking the app…")
    expect(page.get_by_role("link", name="Open the app in a new tab")).to_have_attribute("aria-disabled", "true")
    runs(page)
    assert share.wakes == 1
    expect(page.get_by_role("link", name="Open the app in a new tab")).to_have_attribute("href", share.preview_url)
    app(page).get_by_role("button", name="Add card").click()
    expect(app(page).locator("#count")).to_have_text("8 cards")
    frame = page.locator("iframe")
    assert "allow-top-navigation" not in (frame.get_attribute("sandbox") or "")
    expect(frame).to_have_attribute("referrerpolicy", "no-referrer")


def test_an_app_that_runs_already_is_not_woken(page: Page, share: SimShare) -> None:
    share.set(ShareState.READY)
    page.goto("/s/board")
    runs(page)
    assert share.wakes == 0


def test_an_app_that_dies_while_it_is_watched_is_woken_again(page: Page, share: SimShare) -> None:
    page.clock.install()
    page.goto("/s/board")
    page.clock.run_for(3_000)
    page.clock.run_for(3_000)
    page.clock.run_for(3_000)
    runs(page)
    share.set(ShareState.OFF)
    share.polls_to_ready = None
    page.clock.run_for(16_000)
    expect(page.get_by_role("status")).to_contain_text("Waking the app…")
    expect(page.locator("#cover")).to_be_visible()
    assert share.wakes == 2
    share.polls_to_ready = 1
    page.clock.run_for(6_000)
    page.clock.run_for(6_000)
    runs(page)


def test_a_tab_nobody_looks_at_asks_nothing(page: Page, share: SimShare) -> None:
    share.polls_to_ready = None
    page.clock.install()
    page.goto("/s/board")
    expect(page.get_by_role("status")).to_contain_text("Waking the app…")
    page.clock.run_for(2_000)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.clock.run_for(10_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert not asked
    share.polls_to_ready = 1
    page.evaluate("delete document.hidden")
    look_again(page)
    runs(page)


def test_an_app_that_does_not_start_says_so_and_is_tried_again(page: Page, share: SimShare) -> None:
    share.fails = True
    page.goto("/s/board")
    expect(page.get_by_role("status")).to_contain_text("The app did not start")
    share.fails = False
    page.get_by_role("button", name="Try again").click()
    runs(page)
    assert share.wakes == 2


def test_one_that_failed_for_the_last_visitor_is_tried_for_this_one(page: Page, share: SimShare) -> None:
    share.set(ShareState.FAILED)
    page.goto("/s/board")
    runs(page)
    assert share.wakes == 1


def test_too_many_wakes_are_waited_out_and_counted_down(page: Page, share: SimShare) -> None:
    share.refuse_wakes_s = 3
    page.clock.install()
    page.goto("/s/board")
    expect(page.get_by_role("status")).to_contain_text("woken too often")
    expect(page.get_by_text(re.compile(r"Trying again in \d s"))).to_be_visible()
    page.clock.run_for(3_500)
    runs(page)


def test_a_server_that_is_away_is_said_and_asked_again(page: Page, share: SimShare) -> None:
    page.clock.install()
    page.route("**/api/shared/board/wake", lambda route: route.fulfill(status=502, body="bad gateway"))
    page.goto("/s/board")
    expect(page.get_by_role("status")).to_contain_text("CodeFlow does not answer")
    page.unroute("**/api/shared/board/wake")
    page.clock.run_for(1_500)
    runs(page)


def test_a_link_taken_back_while_it_is_watched_is_said(page: Page, share: SimShare, site: Site) -> None:
    share.polls_to_ready = None
    page.goto("/s/board")
    expect(page.get_by_role("status")).to_contain_text("Waking the app…")
    site.sim.shares.clear()
    expect(page.get_by_role("status")).to_contain_text("This link was taken back")
    expect(page.get_by_role("button", name="Remix")).to_be_hidden()
    expect(page.get_by_role("link", name="Open CodeFlow")).to_be_visible()


def test_a_link_that_leads_nowhere_is_a_page_and_not_json(page: Page) -> None:
    for path in ("/s/never-was", "/s/board/and/more", "/s/"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
        expect(page.get_by_role("link", name="Open CodeFlow")).to_be_visible()


def test_a_stranger_who_remixes_signs_in_on_the_way_and_gets_one_project(page: Page, site: Site) -> None:
    page.goto("/s/board")
    page.get_by_role("button", name="Remix").click()
    expect(page.get_by_role("heading", name="Sign in to CodeFlow")).to_be_visible()
    page.locator("#signin-email").fill("ada@example.com")
    page.locator("#signin-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The app")).to_be_visible()
    assert page.url == f"{site.url}/?p=p-remixed"
    assert len(site.posted("/api/shared/board/remix")) == 1

    page.goto("/s/board?remix=1")
    expect(page.get_by_role("alert")).to_contain_text("Press Remix")
    expect(page.get_by_role("button", name="Remix")).to_be_focused()
    assert page.url == f"{site.url}/s/board"
    assert len(site.posted("/api/shared/board/remix")) == 1


def test_who_is_signed_in_remixes_with_one_press(page: Page, site: Site) -> None:
    page.context.add_cookies([{"name": "sim", "value": "ada@example.com", "url": site.url}])
    page.goto("/s/board")
    page.get_by_role("button", name="Remix").dblclick()
    page.wait_for_url("**/?p=p-remixed")
    assert len(site.posted("/api/shared/board/remix")) == 1


def test_a_remix_that_is_refused_says_why(page: Page, site: Site) -> None:
    page.goto("/s/board")
    page.route(
        "**/api/shared/board/remix",
        lambda route: route.fulfill(status=429, json={"error": {"code": "limit_reached", "message": "Wait a minute."}}),
    )
    page.get_by_role("button", name="Remix").click()
    expect(page.get_by_role("alert")).to_have_text("Wait a minute.")
    expect(page.get_by_role("button", name="Remix")).to_have_attribute("aria-disabled", "false")


def test_how_it_was_made_is_shown_when_the_owner_allows_and_put_away_at_will(page: Page, site: Site) -> None:
    page.goto("/s/board")
    panel = page.get_by_role("complementary", name="How it was made")
    expect(panel.get_by_role("listitem")).to_have_text(
        ["a kanban board for a small team", "make the accent colour emerald"]
    )
    toggle = page.get_by_role("button", name="How it was made")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    panel.get_by_role("button", name="Close").press("Escape")
    expect(panel).to_be_hidden()
    expect(toggle).to_be_focused()
    toggle.press("Enter")
    expect(panel).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    expect(panel).to_be_hidden()
    toggle.click()
    expect(panel.get_by_role("listitem").first).to_be_visible()

    site.sim.share("quiet", prompts=[])
    page.goto("/s/quiet")
    expect(page.get_by_role("button", name="How it was made")).to_have_count(0)


def test_the_app_is_looked_at_on_other_devices(page: Page, share: SimShare) -> None:
    share.set(ShareState.READY)
    page.goto("/s/board")
    for device, width in (("Phone, 390 wide", 388), ("Tablet, 768 wide", 766)):
        page.get_by_role("button", name=device).click()
        expect(page.get_by_role("button", name=device)).to_have_attribute("aria-pressed", "true")
        expect(page.locator("iframe")).to_have_css("width", f"{width}px")


def test_hostile_titles_and_prompts_are_text(page: Page, site: Site) -> None:
    site.sim.share("hostile", title=HOSTILE, prompts=[HOSTILE], state=ShareState.WAKING)
    page.goto("/s/hostile")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.get_by_role("listitem")).to_have_text(HOSTILE)
    expect(page).to_have_title(f"{HOSTILE} · CodeFlow")
    runs(page)
    assert page.evaluate("window.hacked") is None


def test_a_preview_of_our_own_origin_is_never_framed(page: Page, site: Site) -> None:
    site.sim.share("own", state=ShareState.READY, preview_url=f"{site.url}/")
    page.goto("/s/own")
    expect(page.get_by_role("status")).to_contain_text("Opening the app")
    assert page.evaluate("document.getElementById('frame').src") in ("", "about:blank")


def test_the_page_speaks_to_link_previews_and_stays_out_of_search(site: Site, share: SimShare) -> None:
    site.sim.share("plain", title='Tom & "Jerry"', screenshot=False)
    with_picture = httpx.get(f"{site.url}/s/board")
    html = with_picture.text
    assert "<title>Team board · CodeFlow</title>" in html
    assert f'<meta property="og:image" content="{site.url}/s/board/picture.jpg">' in html
    assert f'<meta property="og:url" content="{site.url}/s/board">' in html
    assert '<meta name="twitter:card" content="summary_large_image">' in html
    assert '<meta name="robots" content="noindex">' in html
    assert with_picture.headers["x-robots-tag"] == "noindex"
    without = httpx.get(f"{site.url}/s/plain").text
    assert "og:image" not in without
    assert '<meta property="og:title" content="Tom &amp; &#34;Jerry&#34;">' in without
    assert httpx.head(f"{site.url}/s/board").status_code == 200


def test_scripts_and_styles_are_ours_alone_and_only_some_may_frame_a_page(site: Site, share: SimShare) -> None:
    framed_by = {"/signin": "'self' https://huggingface.co", "/s/board": "'self' https://huggingface.co"}
    for path in ("/signin", "/s/board", "/s/never-was", "/auth/confirm?token_hash=a&type=email"):
        answer = httpx.get(f"{site.url}{path}")
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == framed_by.get(path, "'none'")
        assert ("localhost" in policy["frame-src"]) == (path == "/s/board")
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(
            r"<script(?! (type=\"application/json\"|type=\"module\"|src=))|<style| style=| on\w+=", answer.text
        )


def test_the_page_is_named_readable_and_fits_a_small_phone(page: Page, site: Site) -> None:
    long = site.sim.share("long", title="A title that goes on and on " * 8, prompts=["word " * 400, "x" * 400])
    long.polls_to_ready = None
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        for look in in_both_looks(page, "/s/long"):
            toggle = page.get_by_role("button", name="How it was made")
            if toggle.get_attribute("aria-expanded") == "false":
                toggle.click()
            expect(page.get_by_role("listitem").first).to_be_visible()
            assert faults(page) == [], look
            assert not scrolls_sideways(page), look
