"""What a person sees and does on the page, in a real browser, against the simulated server."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import WATCHED_PACE, Stage

pytestmark = pytest.mark.browser


def send(page: Page, text: str) -> None:
    page.locator("#box textarea").fill(text)
    page.locator("#box textarea").press("Enter")


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_a_prompt_becomes_a_verified_version_with_its_steps_files_and_diffs(page: Page, stage: Stage) -> None:
    stage.sim.pace = WATCHED_PACE
    page.get_by_role("button", name="Kanban board").click()
    expect(page.locator("#box textarea")).to_have_value(re.compile("kanban board"))
    page.locator("#box textarea").press("Enter")

    expect(page.locator("#chat .user")).to_contain_text("A kanban board for a small team")
    expect(page.locator("#strip .strip-words")).not_to_be_empty()
    expect(page.locator("#chat .step.edit", has_text="lib/data.ts").first).to_be_attached()
    expect(page.locator("#chat .card.version .badge")).to_have_text("Verified")
    expect(page.locator("#strip")).to_have_css("height", "0px")
    expect(page).to_have_title("Team board · CodeFlow")

    # The steps are folded away, and unfold to the repaired error and its diff.
    page.locator("#chat .thought-group > .title", has_text="Worked for").click()
    expect(page.locator("#chat .step", has_text="Checks found 1 problem")).to_be_visible()
    page.locator("#chat .thought-group > .title", has_text="Fixed").click()
    expect(page.locator("#chat .diff .row.added").last).to_contain_text("due?: string")

    preview = page.frame_locator("iframe[title='The running app']")
    preview.get_by_role("button", name="Add card").click()
    expect(preview.locator("#count")).to_have_text("8 cards")

    tab(page, "Code")
    row = page.locator("#tree .file", has_text="board.tsx")
    expect(row.locator("em")).to_have_text("A")
    expect(page.locator("#tree .file", has_text="page.tsx").locator("em")).to_have_text("M")
    row.click()
    expect(page.locator("#source .cm-content")).to_contain_text("export function Board")
    page.locator("#tree input").fill("DndContext")
    page.locator("#tree .hit").first.click()
    expect(page.locator("#breadcrumb .crumbs")).to_have_text("components/board.tsx")

    page.locator("#chat a.act", has_text="View changes").click()
    expect(page.locator("#changes .file")).to_have_count(4)
    expect(page.locator("#changes .row.removed b").first).to_contain_text("Hello")

    tab(page, "Logs")
    expect(page.locator("#logs .line[data-level=error]").first).to_contain_text("board.tsx:21")
    page.locator("#logs .segments button", has_text="Browser").click()
    expect(page.locator("#logs .line").first).to_contain_text("card added")


def test_a_reload_in_mid_run_restores_the_page_which_goes_on_streaming(page: Page, stage: Stage) -> None:
    stage.sim.pace = WATCHED_PACE
    send(page, "a long story")
    expect(page.locator("#chat .step.read", has_text="chapters/2.md")).to_be_attached()
    page.reload()
    expect(page.locator("#chat .user")).to_contain_text("a long story")
    expect(page.locator("#chat .step.read", has_text="chapters/2.md")).to_be_attached()
    expect(page.locator("#chat .step.read", has_text="chapters/5.md")).to_be_attached()
    expect(page.locator("#chat .step.read", has_text="chapters/3.md")).to_have_count(1)

    page.locator("#box .stop-button").click()
    expect(page.locator("#chat .card.stopped")).to_be_visible()
    expect(page.locator("#box .submit-button")).to_be_visible()


def test_a_lost_stream_says_so_and_catches_up_without_gap_or_repeat(page: Page, stage: Stage) -> None:
    stage.sim.pace = WATCHED_PACE
    send(page, "a long story")
    expect(page.locator("#chat .step.read", has_text="chapters/1.md")).to_be_attached()
    stage.sim.refuse_streams = True
    expect(page.locator("#topbar .lost")).to_contain_text("reconnecting")
    stage.sim.refuse_streams = False
    expect(page.locator("#topbar .lost")).to_be_empty()
    expect(page.locator("#chat .step.read", has_text="chapters/6.md")).to_be_attached()
    for chapter in range(1, 6):
        expect(page.locator("#chat .step.read code", has_text=f"chapters/{chapter}.md")).to_have_count(1)
    page.locator("#box .stop-button").click()
    expect(page.locator("#chat .card.stopped")).to_be_visible()


def test_hostile_text_is_shown_as_text_everywhere(page: Page) -> None:
    send(page, "hostile <img src=x onerror=window.hacked=9> ${window.hacked=10} </script>")
    expect(page.locator("#chat .user")).to_contain_text(
        "<img src=x onerror=window.hacked=9> ${window.hacked=10} </script>"
    )
    expect(page.locator("#chat .card.version")).to_be_visible()
    expect(page.locator("#chat .bot").last).to_contain_text("</script><script>window.hacked=7</script>")
    page.locator("#chat .thought-group > .title", has_text="Worked for").click()
    for step in page.locator("#chat .children .thought-group > .title").all():
        step.click()
    expect(page.locator("#chat .terminal").first).to_contain_text("${window.hacked=5}")
    expect(page.locator("#topbar .project-name")).to_have_text("<img src=x onerror=window.hacked=1>${window.hacked=2}")
    tab(page, "Code")
    page.locator("#tree .folder", has_text="[slug]").click()
    page.locator("#tree .file", has_text="${x}.tsx").click()
    expect(page.locator("#source .cm-content")).to_contain_text("onerror=window.hacked=4")
    tab(page, "Changes")
    expect(page.locator("#changes .row.added").first).to_contain_text("{{window.hacked=6}}")
    tab(page, "Logs")
    expect(page.locator("#logs .log-lines")).to_contain_text("<img src=x onerror=window.hacked=4>")
    assert page.evaluate("window.hacked") is None
    assert page.locator("#chat img:not(.shot > img), #chat script, #chat a[href^='javascript']").count() == 0


def test_a_refused_prompt_is_kept_and_says_why(page: Page) -> None:
    page.locator("#box textarea").press("Enter")
    expect(page.locator("#under .error")).to_contain_text("The prompt is empty")
    text = "a kanban board " * 6_700
    send(page, text)
    expect(page.locator("#under .error")).to_contain_text("longer than 100,000")
    expect(page.locator("#box textarea")).to_have_value(text)


def test_failed_checks_say_what_is_broken_and_can_be_tried_again(page: Page) -> None:
    send(page, "a stubborn board")
    card = page.locator("#chat .card.failure")
    expect(card).to_contain_text("TS2339: Property 'due' does not exist")
    expect(card).to_contain_text("try again with a stronger model")
    card.locator("a", has_text="Try again").click()
    expect(page.locator("#chat .user")).to_have_count(2)
    expect(page.locator("#chat .card.failure")).to_have_count(2)


def test_a_sleeping_preview_wakes_and_an_error_in_it_goes_to_the_agent(page: Page) -> None:
    send(page, "sleep after this")
    page.get_by_role("button", name="Wake it up").click()
    expect(page.frame_locator("iframe[title='The running app']").locator("h1")).to_have_text("Team board")
    expect(page.locator("#chat .step.restore")).to_contain_text("Woke the preview")
    page.locator("#preview .path").fill("/broken")
    page.locator("#preview .path").press("Enter")
    expect(page.locator("#preview .overlay-card")).to_contain_text("components/board.tsx:14")
    page.get_by_role("button", name="Fix with agent").click()
    expect(page.locator("#chat .user").last).to_contain_text("Fix this error in components/board.tsx:14")


def test_an_older_version_is_restored_as_a_new_one(page: Page) -> None:
    send(page, "accent colour")
    expect(page.locator("#chat .card.version")).to_have_count(1)
    send(page, "accent again")
    expect(page.locator("#chat .card.version")).to_have_count(2)
    page.locator("#chat a.act", has_text="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.locator("#chat .card.version")).to_have_count(3)
    expect(page.locator("#chat .step.restore")).to_contain_text("Restore version 1")


def test_projects_are_listed_renamed_and_deleted_from_the_drawer(page: Page, stage: Stage) -> None:
    send(page, "accent colour")
    expect(page.locator("#chat .card.version")).to_be_visible()
    project = page.url.split("p=")[1]
    page.get_by_role("button", name="Projects").click()
    row = page.locator("#drawer .project-item", has=page.locator("[aria-current=page]"))
    row.hover()
    row.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("A better name")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("A better name")
    row.hover()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="What should we build?")).to_be_visible()
    assert project not in stage.sim.projects


def test_on_a_phone_one_pane_is_seen_at_a_time_and_dark_is_remembered(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Dark colours").click()
    send(page, "accent colour")
    expect(page.locator("#chat .card.version")).to_be_visible()
    expect(page.locator("#right")).to_be_hidden()
    page.locator("#topbar .panes button", has_text="Preview").click()
    expect(page.locator("#left")).to_be_hidden()
    expect(page.frame_locator("iframe[title='The running app']").locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
