"""The way into CodeFlow, as a person goes it: in a real browser, against simulated accounts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from starlette.testclient import TestClient

from tests.ui.accessibility import faults, in_both_looks, scrolls_sideways
from tests.ui.pages_simulator import CODE, PASSWORD, PagesSimulator, create_pages
from tests.ui.pages_stage import Site, visit

pytestmark = pytest.mark.browser

VIEWS = {
    "/signin": "Sign in to CodeFlow",
    "/signin?view=create": "Create your account",
    "/signin?view=email": "Sign in by e-mail",
    "/signin?view=forgot": "Forgot your password?",
    "/signin?view=password": "Forgot your password?",
    "/signin?view=upgrade": "Create your account",
    "/signin?problem=denied": "Sign in to CodeFlow",
    "/auth/confirm?token_hash=fresh&type=email": "Sign in to CodeFlow",
    "/auth/confirm?token_hash=fresh&type=recovery": "Choose a new password",
    "/auth/confirm?type=email": "Part of this link is missing",
    "/s/nothing": "This link leads nowhere",
}


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    return site.url


@pytest.fixture
def page(browser: BrowserContext, site: Site) -> Iterator[Page]:
    site.sim.calls.clear()
    with visit(browser, site) as page:
        yield page


def as_user(page: Page, site: Site, name: str) -> None:
    page.context.add_cookies([{"name": "sim", "value": name, "url": site.url}])


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", level=1, name=text)


def field(page: Page, label: str) -> Locator:
    """Of the view that is shown."""
    return page.locator("input:visible").and_(page.get_by_label(label, exact=True))


def said(page: Page, label: str) -> Locator:
    """What is shown under the field."""
    return page.locator(f"#{field(page, label).get_attribute('id')}-said")


def at_home(page: Page) -> None:
    expect(page.get_by_role("heading", name="The app")).to_be_visible()


def test_signing_in_takes_a_keyboard_and_nothing_else(page: Page, site: Site) -> None:
    page.goto("/signin?next=/?p=42")
    expect(field(page, "E-mail")).to_be_focused()
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Tab")
    expect(field(page, "Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    at_home(page)
    assert page.url == f"{site.url}/?p=42"
    assert site.posted("/auth/sign-in") == [{"email": "ada@example.com", "password": PASSWORD, "next": "/?p=42"}]


def test_a_wrong_password_is_said_beside_it_and_nothing_typed_is_lost(page: Page) -> None:
    page.goto("/signin")
    field(page, "E-mail").fill("ada@example.com")
    field(page, "Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(said(page, "Password")).to_contain_text("wrong")
    password = field(page, "Password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()
    expect(password).to_have_value("wrong")
    expect(field(page, "E-mail")).to_have_value("ada@example.com")
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    password.fill(PASSWORD)
    expect(said(page, "Password")).to_be_empty()
    page.get_by_role("button", name="Sign in").click()
    at_home(page)


def test_what_is_missing_is_said_before_anything_is_sent(page: Page, site: Site) -> None:
    page.goto("/signin?view=create")
    page.get_by_role("button", name="Create account").click()
    expect(said(page, "E-mail")).to_have_text("Enter your e-mail address.")
    expect(field(page, "E-mail")).to_be_focused()
    field(page, "E-mail").fill("ada")
    field(page, "Password").fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(said(page, "E-mail")).to_contain_text("the whole address")
    expect(said(page, "Password")).to_contain_text("8 characters")
    assert not site.sim.calls


def test_a_form_is_sent_once_however_often_it_is_pressed(page: Page, site: Site) -> None:
    held: list[Route] = []
    page.route("**/auth/sign-in", lambda route: held.append(route))
    page.goto("/signin")
    field(page, "E-mail").fill("ada@example.com")
    field(page, "Password").fill(PASSWORD)
    with page.expect_request("**/auth/sign-in"):
        field(page, "Password").press("Enter")
    expect(page.get_by_role("button", name="Signing in…")).to_have_attribute("aria-disabled", "true")
    for _ in range(3):
        page.keyboard.press("Enter")
    held[0].continue_()
    at_home(page)
    assert len(held) == len(site.posted("/auth/sign-in")) == 1


def test_an_account_is_made_and_a_taken_address_is_said_beside_it(page: Page, site: Site) -> None:
    page.goto("/signin")
    page.get_by_role("link", name="Create an account").click()
    expect(heading(page, "Create your account")).to_be_visible()
    expect(page).to_have_title("Create an account · CodeFlow")
    field(page, "E-mail").fill("ada@example.com")
    field(page, "Password").fill("long enough")
    page.get_by_role("button", name="Create account").click()
    expect(said(page, "E-mail")).to_contain_text("There is an account")
    expect(field(page, "Password")).to_have_value("long enough")
    field(page, "E-mail").fill("new@example.com")
    page.get_by_role("button", name="Create account").click()
    at_home(page)
    assert site.sim.users["new@example.com"] == "long enough"


def test_an_address_to_be_confirmed_is_waited_for_and_its_link_ends_the_waiting(page: Page, site: Site) -> None:
    page.goto("/signin?view=create&next=/?p=7")
    field(page, "E-mail").fill("confirm-me@example.com")
    field(page, "Password").fill("long enough")
    page.get_by_role("button", name="Create account").click()
    expect(heading(page, "Check your mail")).to_be_focused()
    expect(page.get_by_text("We sent a link to confirm-me@example.com")).to_be_visible()
    page.reload()
    expect(page.get_by_text("We sent a link to confirm-me@example.com")).to_be_visible()

    mail = page.context.new_page()
    mail.goto("/auth/confirm?token_hash=fresh&type=signup&next=/?p=7")
    assert not site.posted("/auth/confirm")
    mail.get_by_role("button", name="Confirm and continue").click()
    at_home(mail)
    assert mail.url.endswith("/?p=7")
    assert site.posted("/auth/confirm") == [{"token_hash": "fresh", "type": "signup", "next": "/?p=7"}]
    expect(heading(page, "You are signed in")).to_be_visible()
    page.get_by_role("link", name="Continue to CodeFlow").click()
    at_home(page)


def test_a_code_from_the_mail_is_pasted_as_it_stands_there(page: Page, site: Site) -> None:
    page.goto("/signin?next=/s/board")
    field(page, "E-mail").fill("ada@example.com")
    page.get_by_role("link", name="E-mail me a link").click()
    expect(field(page, "E-mail")).to_have_value("ada@example.com")
    page.get_by_role("button", name="Send it").click()
    expect(field(page, "6-digit code")).to_be_focused()
    expect(page.get_by_text("the link we sent to ada@example.com")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("again in"))).to_have_attribute("aria-disabled", "true")
    page.reload()
    expect(page.get_by_text("the link we sent to ada@example.com")).to_be_visible()
    field(page, "6-digit code").fill("000000")
    expect(said(page, "6-digit code")).to_contain_text("wrong or over")
    field(page, "6-digit code").fill(f"Your code is {CODE[:3]} {CODE[3:]}.")
    page.wait_for_url("**/s/board")
    assert [body["code"] for body in site.posted("/auth/code")] == ["000000", CODE]
    assert site.posted("/auth/email") == [{"email": "ada@example.com", "next": "/s/board"}]


def test_a_code_is_not_asked_for_where_no_mail_was_sent(page: Page) -> None:
    page.goto("/signin?view=code")
    expect(heading(page, "Sign in by e-mail")).to_be_visible()
    page.goto("/signin?view=sent")
    expect(heading(page, "Sign in to CodeFlow")).to_be_visible()


def test_a_forgotten_password_is_replaced_by_way_of_a_mail(page: Page, site: Site) -> None:
    page.goto("/signin")
    page.get_by_role("link", name="Forgot password?").click()
    field(page, "E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("If there is an account for ada@example.com")).to_be_visible()

    page.goto("/auth/confirm?token_hash=fresh&type=recovery")
    page.get_by_role("button", name="Confirm and continue").click()
    expect(heading(page, "Choose a new password")).to_be_visible()
    field(page, "New password").fill("another one")
    page.get_by_role("button", name="Save password").click()
    at_home(page)
    assert site.posted("/auth/password") == [{"password": "another one"}]


def test_a_used_link_says_so_and_offers_a_new_one(page: Page) -> None:
    page.goto("/auth/confirm?token_hash=used&type=recovery&next=/?p=3")
    page.get_by_role("button", name="Confirm and continue").click()
    expect(heading(page, "This link does not work any more")).to_be_focused()
    expect(page.get_by_text("The link was used before")).to_be_visible()
    page.get_by_role("link", name="Send me a new one").click()
    expect(heading(page, "Forgot your password?")).to_be_visible()
    assert "next=%2F%3Fp%3D3" in page.url


def test_without_an_account_one_press_is_enough(page: Page) -> None:
    page.goto("/signin?next=/?p=9")
    page.get_by_role("button", name="Try it without an account").click()
    at_home(page)
    assert page.url.endswith("/?p=9")


def test_a_press_before_the_pages_script_is_there_waits_for_it(page: Page, site: Site) -> None:
    held: list[Route] = []
    page.route("**/pages/signin.js*", lambda route: held.append(route))
    page.goto(f"{site.url}/signin", wait_until="commit")
    page.get_by_role("button", name=re.compile("without an account")).click()
    expect(page.locator("form[data-early]")).to_have_count(1)
    assert not site.sim.calls
    for route in held:
        route.continue_()
    at_home(page)


def test_who_is_on_trial_keeps_their_projects_with_an_address(page: Page, site: Site) -> None:
    as_user(page, site, "anonymous")
    page.goto("/signin")
    expect(heading(page, "Keep your projects")).to_be_visible()
    field(page, "E-mail").fill("kept@example.com")
    field(page, "Password").fill("long enough")
    page.get_by_role("button", name="Keep my projects").click()
    at_home(page)
    assert site.posted("/auth/upgrade") == [{"email": "kept@example.com", "password": "long enough", "next": "/"}]


def test_who_is_signed_in_goes_on_or_changes_the_account(page: Page, site: Site) -> None:
    as_user(page, site, "ada@example.com")
    page.goto("/signin?next=/?p=5")
    expect(page.get_by_text("As ada@example.com.")).to_be_visible()
    expect(page.get_by_role("link", name="Continue to CodeFlow")).to_have_attribute("href", "/?p=5")
    page.get_by_role("button", name="Sign out").click()
    expect(heading(page, "Sign in to CodeFlow")).to_be_visible()
    assert "next=%2F%3Fp%3D5" in page.url


def test_too_many_tries_are_counted_down_and_another_address_is_not_made_to_wait(page: Page) -> None:
    page.goto("/signin")
    field(page, "E-mail").fill("fast@example.com")
    field(page, "Password").fill("guess")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="Too many tries")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Try again in \\d+ s"))).to_be_visible()
    field(page, "E-mail").fill("ada@example.com")
    field(page, "Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    at_home(page)


def test_a_server_that_is_away_is_said_above_the_button(page: Page) -> None:
    page.goto("/signin")
    page.route("**/auth/sign-in", lambda route: route.fulfill(status=502, body="<html>bad gateway</html>"))
    field(page, "E-mail").fill("ada@example.com")
    field(page, "Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="The server answered 502")).to_be_visible()
    page.unroute("**/auth/sign-in")
    page.get_by_role("button", name="Sign in").click()
    at_home(page)


def test_providers_are_links_and_in_a_frame_a_full_window_stands_in_their_place(page: Page, site: Site) -> None:
    page.goto("/signin?next=/s/board")
    for name, provider in (("GitHub", "github"), ("Google", "google")):
        door = page.get_by_role("link", name=f"Continue with {name}")
        expect(door).to_have_attribute("href", f"/auth/oauth/{provider}?next=/s/board")
    expect(page.get_by_role("link", name="Open in full window")).to_be_hidden()

    page.goto("/framed")
    frame = page.frame_locator("iframe")
    window = frame.get_by_role("link", name="Open in full window")
    expect(window).to_have_attribute("href", "/signin?next=%2Fs%2Fboard")
    expect(window).to_have_attribute("target", "_blank")
    expect(frame.get_by_role("link", name="Continue with GitHub")).to_be_hidden()
    expect(frame.locator("#signin-email")).to_be_visible()


def test_back_and_forth_between_views_is_the_browsers_own(page: Page) -> None:
    page.goto("/signin?next=/?p=1")
    page.get_by_role("link", name="Forgot password?").click()
    expect(heading(page, "Forgot your password?")).to_be_visible()
    assert "view=forgot" in page.url
    page.go_back()
    expect(heading(page, "Sign in to CodeFlow")).to_be_visible()
    page.go_forward()
    expect(heading(page, "Forgot your password?")).to_be_visible()


def test_a_problem_is_told_by_its_code_and_a_link_puts_no_words_in_our_mouth(page: Page) -> None:
    page.goto("/signin?problem=denied")
    expect(page.get_by_role("alert")).to_contain_text("it was cancelled there")
    page.goto("/signin?problem=<img src=x onerror=window.hacked=1>Call us on 555")
    expect(page.get_by_role("alert")).to_contain_text("did not work")
    expect(page.get_by_text("555")).to_have_count(0)


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\"'><img src=x onerror=hacked=1>",
    ],
)
def test_nobody_is_led_away_or_tricked_by_where_a_link_says_to_go(page: Page, site: Site, next: str) -> None:
    as_user(page, site, "ada@example.com")
    page.goto(f"/signin?next={next}&view={next}")
    expect(page.get_by_role("link", name="Continue to CodeFlow")).to_have_attribute("href", "/")
    page.context.clear_cookies()
    page.goto(f"/auth/confirm?token_hash=fresh&type=email&next={next}")
    page.get_by_role("button", name="Confirm and continue").click()
    at_home(page)
    assert page.url == f"{site.url}/"
    assert page.evaluate("window.hacked") is None


def test_every_view_is_named_readable_and_fits_a_small_phone(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path, text in VIEWS.items():
        for look in in_both_looks(page, path):
            expect(heading(page, text)).to_be_visible()
            assert faults(page) == [], look
            assert not scrolls_sideways(page), look
    page.set_viewport_size({"width": 1280, "height": 800})
    as_user(page, site, "anonymous")
    for path in ("/signin", "/signin?view=password", "/signin?view=signin"):
        for look in in_both_looks(page, path):
            assert faults(page) == [], look


def test_password_managers_find_what_they_look_for(page: Page, site: Site) -> None:
    wanted = {
        "signin": ["username", "current-password"],
        "create": ["email", "new-password"],
        "code": ["one-time-code"],
        "password": ["username", "new-password"],
        "upgrade": ["email", "new-password"],
    }
    as_user(page, site, "ada@example.com")
    page.goto("/signin?view=password")
    for view, kinds in wanted.items():
        inputs = page.locator(f"[data-view={view}] form input")
        assert inputs.evaluate_all("all => all.map((input) => input.autocomplete)") == kinds
    assert page.locator("input[name=username]").input_value() == "ada@example.com"


def test_nothing_moves_while_the_page_loads_and_a_refusal_under_a_field_moves_nothing(page: Page) -> None:
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) window.moved += e.value })"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto("/signin", wait_until="networkidle")
    before = page.get_by_role("button", name="Sign in").bounding_box()
    page.get_by_role("button", name="Sign in").click()
    expect(said(page, "E-mail")).not_to_be_empty()
    assert page.get_by_role("button", name="Sign in").bounding_box() == before
    assert page.evaluate("window.moved") < 0.01


def test_every_script_is_named_up_front(page: Page, site: Site) -> None:
    site.sim.share("board")
    for path in ("/signin", "/auth/confirm?token_hash=a&type=email", "/s/board", "/s/nothing"):
        page.goto(path)
        loaded = page.evaluate("performance.getEntriesByType('resource').map((e) => new URL(e.name).pathname)")
        named = page.locator("link[rel=modulepreload], head > script[src]").evaluate_all(
            "all => all.map((e) => e.getAttribute('href') ?? e.getAttribute('src'))"
        )
        assert {script for script in loaded if script.endswith(".js")} == set(named)


def test_light_or_dark_is_chosen_here_too_and_remembered(page: Page) -> None:
    page.goto("/signin")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Light colours")).to_be_visible()


def test_where_there_are_no_accounts_there_is_no_sign_in() -> None:
    alone = TestClient(create_pages(PagesSimulator("http://3000-x.localhost/"), {}), base_url="http://127.0.0.1")
    for path in ("/signin", "/auth/confirm?token_hash=a&type=email"):
        answer = alone.get(path)
        assert answer.status_code == 404
        assert "No sign-in here" in answer.text
        assert "<form" not in answer.text
