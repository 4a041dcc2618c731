"""Plans, the proof and the price of a run, a designer's look, a run that failed, a project's settings: on the page, as a person meets them."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from backend.domain import RunKind
from tests.ui.agents import PLAN
from tests.ui.conftest import Stage
from tests.ui.settings_routes import MODELS
from tests.ui.simulator import SimProject
from tests.ui.test_page import send

pytestmark = pytest.mark.browser


def shown(page: Page, stage: Stage) -> SimProject:
    expect(page).to_have_url(re.compile("p="))
    return stage.sim.projects[page.url.split("p=")[1]]


def unfold(page: Page, words: str) -> None:
    page.locator("#chat .thought-group > .title .words", has_text=words).last.click()


def go_to(page: Page, project: int) -> None:
    """By its place among the recent ones."""
    page.get_by_role("link", name="CodeFlow").click()
    page.locator("#under .project-card").nth(project).click()


def plan_switch(page: Page) -> Locator:
    return page.get_by_role("button", name="Plan", exact=True)


def test_a_plan_is_asked_for_changed_and_built_and_what_was_typed_is_kept(page: Page, stage: Stage) -> None:
    send(page, "accent one")
    expect(page.locator("#chat .card.version")).to_have_count(1)
    page.get_by_role("link", name="CodeFlow").click()
    switch = plan_switch(page)
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    page.locator("#box input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#box .thumbnail-item")).to_be_visible()
    send(page, "A patient board")

    card = page.locator("#chat .card.plan")
    expect(card.locator("li strong")).to_have_text(["Three columns", "Cards", "Drag and drop"])
    project = shown(page, stage)
    card.get_by_role("button", name="Change").click()
    editor = page.get_by_role("textbox", name="The plan")
    expect(editor).to_be_focused()
    expect(editor).to_have_value(PLAN.strip())
    editor.fill("1. **One column**\n\n```\nof <b>cards</b>")

    # What is typed outlives the way to another project, where the switch stands as it did.
    go_to(page, 1)
    expect(page.locator("#chat .user")).to_contain_text("accent one")
    expect(switch).to_have_attribute("aria-pressed", "false")
    go_to(page, 0)
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(editor).to_have_value("1. **One column**\n\n```\nof <b>cards</b>")
    editor.press("Control+Enter")

    expect(page.locator("#chat .user").last.locator(".with-plan")).to_have_count(1)
    expect(page.locator("#chat .user").last).to_contain_text("A patient board")
    expect(page.locator("#chat .user").last.locator("summary")).to_have_text("with a plan")
    expect(switch).to_have_attribute("aria-disabled", "true")
    expect(switch).to_have_attribute("title", re.compile("while a run is under way"))
    switch.press("Enter")
    expect(switch).to_have_attribute("aria-pressed", "true")
    send(page, "accent two")
    expect(page.locator("#queue li")).to_have_count(1)
    expect(page.locator("#chat details.card.plan summary")).to_contain_text("Being built")
    project.released = True
    expect(page.locator("#chat .card.version")).to_have_count(2)
    expect(page.locator("#chat details.card.plan summary")).to_contain_text("Built")
    expect(card.get_by_role("button")).to_have_count(0)
    page.locator("#chat .with-plan summary").click()
    expect(page.locator("#chat .with-plan pre")).to_contain_text("of <b>cards</b>")

    asked, built, queued = project.view().runs
    assert [run.kind for run in (asked, built, queued)] == [RunKind.PLAN, RunKind.PROMPT, RunKind.PROMPT]
    assert built.prompt == "A patient board\n\n## Plan\n\n1. **One column**\n\n```\nof <b>cards</b>"
    assert [a.sha256 for a in built.attachments] == [a.sha256 for a in asked.attachments] != []
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")


def test_checks_prove_what_they_say_and_a_run_tells_what_it_took(page: Page, stage: Stage) -> None:
    send(page, "a reviewed board")
    expect(page.locator("#chat .spent")).to_contain_text("tokens")
    expect(page.locator("#chat .card.version .badge")).to_have_text("Verified")
    expect(page.locator("#chat .spent b")).to_have_text("gpt-6.1-sol, then gemini-4-argon")
    expect(page.locator("#chat .spent span")).to_have_text(re.compile(r"^1\d\.\dk tokens · 5\.5k cached · \$0\.035$"))
    expect(page.locator("#chat .spent")).to_have_attribute("title", re.compile("sandbox used for 34s"))

    unfold(page, "Worked for")
    unfold(page, "Checks found 1 problem")
    levels = page.locator("#chat .levels").first.locator("li")
    expect(levels).to_have_text(
        [re.compile("types.*0.6s", re.S), re.compile("routes"), re.compile("browser.*2.3s", re.S)]
    )
    problem = page.locator("#chat .problems li")
    expect(problem).to_contain_text("components/board.tsx:14")
    expect(problem).to_contain_text("To see it: open /, press “Save”")
    unfold(page, "Looked at the pages")
    expect(page.locator("#chat .findings li").first).to_contain_text("The three columns run out of the screen")
    expect(page.locator("#chat .findings .screen")).to_have_text(["phone", "desktop"])

    # A passing check is one line, with its pictures; they open large.
    passed = page.locator("#chat .title", has_text="Checks passed").last
    passed.locator("a.shot.desktop").click()
    dialog = page.get_by_role("dialog", name="Pictures of the page")
    large = dialog.locator("img")
    expect(large).to_have_attribute("alt", "The page on a desktop")
    expect(large).to_have_js_property("naturalWidth", 640)
    page.keyboard.press("ArrowRight")
    expect(large).to_have_attribute("alt", "The page on a phone")
    expect(large).to_have_js_property("naturalWidth", 390)
    page.keyboard.press("ArrowRight")
    expect(large).to_have_attribute("alt", "The page on a desktop")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(passed.locator("a.shot.desktop")).to_be_focused()


def test_the_look_at_the_pages_is_seen_while_it_lasts_and_when_it_finds_nothing(page: Page, stage: Stage) -> None:
    send(page, "an admired page")
    expect(page.locator("#strip .strip-words")).to_have_text("Looking at the pages")
    expect(page.locator("#chat .step.look")).to_have_text("Looking at the pages")
    shown(page, stage).released = True
    expect(page.locator("#chat .card.version")).to_be_visible()
    unfold(page, "Worked for")
    expect(page.locator("#chat .step.look")).to_have_text(re.compile("Looked at the pages.*Looks right"))


def test_a_failed_run_says_what_was_tried_and_leads_back_to_what_was_verified(page: Page) -> None:
    send(page, "accent one")
    expect(page.locator("#chat .card.version")).to_have_count(1)
    send(page, "a halfway board")
    failure = page.locator("#chat .card.failure")
    expect(failure.locator(".tried li")).to_have_text([re.compile("I'll write the board"), re.compile("2 times")])
    left = page.locator("#chat .card.version.unverified")
    expect(left.locator(".badge")).to_have_text("Not verified")
    expect(left).to_contain_text("The best state this run reached")
    left.get_by_role("link", name="Back to version 1, verified").click()
    page.get_by_role("dialog", name="Restore version 1?").get_by_role("button", name="Restore").click()
    expect(page.locator("#chat .card.version .badge").last).to_have_text("Verified")
    expect(page.locator("#chat .card.version")).to_have_count(3)


def test_a_projects_model_and_variables_are_set_and_no_value_is_ever_shown_again(page: Page, stage: Stage) -> None:
    send(page, "accent one")
    expect(page.locator("#chat .card.version")).to_be_visible()
    project = shown(page, stage)
    page.get_by_role("button", name="Project settings").click()
    dialog = page.get_by_role("dialog", name="Project settings")
    model = dialog.get_by_label("Model")
    expect(model.locator("option")).to_have_text(
        ["Installation's default", "gpt-6.1-sol · openai", "gemini-4-argon · gemini"]
    )
    model.select_option(MODELS[1]["id"])
    expect(dialog.get_by_role("status").last).to_have_text("Model chosen")
    assert project.model == MODELS[1]["id"]

    name, value = dialog.get_by_label("Name"), dialog.get_by_label("Value", exact=True)
    for wrong, why in (
        ("api-key", "capital letters"),
        ("1ST", "does not begin with a digit"),
        ("API_KEY", "Give it a"),
    ):
        name.fill(wrong)
        name.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text(why)
    value.fill("s3cret")
    expect(value).to_have_attribute("type", "password")
    dialog.get_by_role("button", name="Show the value").click()
    expect(value).to_have_attribute("type", "text")
    value.press("Enter")
    row = dialog.get_by_role("listitem")
    expect(row).to_have_text(re.compile("API_KEY.*set just now"))
    expect(value).to_have_value("")
    expect(value).to_have_attribute("type", "password")

    dialog.get_by_role("button", name="Replace API_KEY").click()
    value.fill("other")
    dialog.get_by_role("button", name="Replace", exact=True).click()
    expect(value).to_have_value("")
    assert project.variables["API_KEY"][0] == "other"
    name.fill("PATH")
    value.fill("x")
    value.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("belongs to the sandbox")
    expect(row).to_have_count(1)
    page.keyboard.press("Escape")

    stage.sim.models = MODELS[:1]
    page.get_by_role("button", name="Project settings").click()
    expect(row).to_contain_text("API_KEY")
    expect(model).to_have_count(0)
    dialog.get_by_role("button", name="Remove API_KEY").click()
    dialog.get_by_role("button", name="Remove API_KEY for good").click()
    expect(row).to_have_count(0)
    assert project.variables == {}
