"""Prompts sent while a run is under way, the ways to stop it, a message sent again, a version forked: on the page, as a person meets them."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.ui.conftest import Stage
from tests.ui.simulator import SimProject
from tests.ui.starter import STARTER
from tests.ui.test_page import send, tab

pytestmark = pytest.mark.browser


def queue_up(page: Page, *prompts: str) -> None:
    for number, text in enumerate(prompts, page.locator("#queue li").count() + 1):
        send(page, text)
        expect(page.locator("#queue li")).to_have_count(number)
        expect(page.locator("#box textarea")).to_have_value("")


def begin(page: Page, stage: Stage, prompt: str = "a patient board") -> SimProject:
    """A run under way that has written a page and waits to be released."""
    send(page, prompt)
    expect(page.locator("#chat .step.edit")).to_be_attached()
    return stage.sim.projects[page.url.split("p=")[1]]


def waiting(page: Page) -> list[str]:
    return page.locator("#queue .queue-text").all_inner_texts()


def test_prompts_sent_during_a_run_wait_are_changed_moved_and_removed_and_go_one_by_one(
    page: Page, stage: Stage
) -> None:
    project = begin(page, stage)
    expect(page.locator("#box .stop-button")).to_be_visible()
    expect(page.locator("#box .submit-button")).to_be_enabled()
    expect(page.locator("#box textarea")).to_have_attribute("placeholder", re.compile("Queue up"))
    queue_up(page, "accent one", "accent two", "accent three", "accent four")
    expect(page.locator("#queue .queue-words")).to_have_text("4 prompts waiting: sent when this run is done")

    page.get_by_role("button", name="Edit: accent two").click()
    editor = page.get_by_role("textbox", name="accent two")
    editor.fill("accent 2, but <b>bold</b>")
    editor.press("Enter")
    expect(page.locator("#queue .queue-text").nth(1)).to_have_text("accent 2, but <b>bold</b>")
    page.get_by_role("button", name="Move up: accent four").press("Enter")
    expect(page.locator("#queue .queue-text").nth(2)).to_have_text("accent four")
    expect(page.get_by_role("button", name="Move up: accent four")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#queue .queue-text").nth(1)).to_have_text("accent four")
    page.locator("#queue li").first.drag_to(page.locator("#queue li").last, target_position={"x": 40, "y": 28})
    expect(page.locator("#queue .queue-text").last).to_have_text("accent one")
    page.get_by_role("button", name="Remove: accent one").click()
    expect(page.locator("#queue li")).to_have_count(3)

    order = ["accent four", "accent 2, but <b>bold</b>", "accent three"]
    other = page.context.new_page()
    for tab_ in (page, other):
        tab_.goto(page.url)
        expect(tab_.locator("#queue li")).to_have_count(3)
        assert waiting(tab_) == order
    other.close()

    # What is typed into a prompt that is sent meanwhile is not lost.
    page.get_by_role("button", name="Edit: accent three").click()
    page.get_by_role("textbox", name="accent three").fill("accent three, and a footer")
    page.locator("#box textarea").fill("half a thought")
    project.released = True
    expect(page.locator("#chat .card.version")).to_have_count(4)
    expect(page.locator("#chat .user")).to_have_text([re.compile(re.escape(t)) for t in ["a patient board", *order]])
    expect(page.locator("#queue .queue")).to_be_hidden()
    expect(page.locator("#box textarea")).to_have_value("half a thought\n\naccent three, and a footer")
    expect(page.locator("#under .error")).to_contain_text("What you typed is in the box")


def test_a_prompt_whose_answer_is_lost_is_kept_and_sent_again_waits_once(page: Page, stage: Stage) -> None:
    project = begin(page, stage)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/followups", lose, times=1)
    send(page, "accent one")
    expect(page.locator("#under .error")).to_contain_text("does not answer")
    box = page.locator("#box textarea")
    expect(box).to_have_value("accent one")
    for text in ("accent two", "accent one"):
        send(page, text)
        expect(box).to_have_value("")
    assert waiting(page) == ["accent one", "accent two"]

    # Nor is what is typed into prompts that wait lost with the way to another project.
    box.fill("half a thought")
    for text in ("accent one", "accent two"):
        page.get_by_role("button", name=f"Edit: {text}").click()
        page.get_by_role("textbox", name=text).fill(f"{text}, bigger")
    page.go_back()
    expect(box).to_have_value("half a thought\n\naccent one, bigger\n\naccent two, bigger")
    project.released = True


def test_after_a_stop_what_waits_is_held_with_its_pictures_until_the_person_sends_it(page: Page, stage: Stage) -> None:
    project = begin(page, stage)
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    page.locator("#box input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#box .thumbnail-item")).to_be_visible()
    queue_up(page, "accent like this")
    expect(page.locator("#queue small")).to_have_text("1 picture")
    expect(page.locator("#box .thumbnail-item")).to_have_count(0)

    page.locator("#box .stop-button").click()
    expect(page.locator("#chat .card.stopped")).to_contain_text("The files written so far are kept")
    expect(page.locator("#queue .queue-words")).to_have_text("Stopped: this waits for you")
    assert project.files["app/page.tsx"] != STARTER["app/page.tsx"]
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#chat .user").last).to_contain_text("accent like this")
    expect(page.locator("#chat .user img")).to_have_attribute("alt", "red.png")
    expect(page.locator("#chat .card.version")).to_have_count(1)
    [sent] = project.view().runs[-1].attachments
    assert stage.sim.blobs[sent.sha256] == picture.getvalue()


def test_a_failed_run_holds_what_waits_while_a_new_message_goes_at_once(page: Page, stage: Stage) -> None:
    project = begin(page, stage)
    queue_up(page, "a stubborn board", "accent one")
    project.released = True
    expect(page.locator("#queue .queue-words")).to_have_text("The run failed: this waits for you")
    tries: list[Route] = []
    page.route("**/runs", lambda route: (tries.append(route), route.abort()))
    page.locator("#chat a.act[href*='#do/retry']").evaluate("link => { link.click(); link.click(); }")
    expect(page.locator("#under .error")).to_contain_text("does not answer")
    expect(page.locator("body[data-sending]")).to_have_count(0)
    assert len(tries) == 1
    page.unroute("**/runs")
    send(page, "accent first")
    expect(page.locator("#chat .card.version")).to_have_count(2)
    assert waiting(page) == ["accent one"]
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#chat .user").last).to_contain_text("accent one")
    expect(page.locator("#chat .card.version")).to_have_count(3)


def test_what_a_run_wrote_can_be_undone_with_its_stop(page: Page, stage: Stage) -> None:
    project = begin(page, stage)
    more = page.get_by_role("button", name="More ways to stop")
    more.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    menu = page.get_by_role("dialog", name="Ways to stop")
    expect(menu.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    more.click()
    menu.get_by_role("button", name="Stop and undo its changes").click()
    expect(page.locator("#chat .card.stopped")).to_contain_text("what it wrote is taken back")
    expect(more).to_be_hidden()
    assert project.files == STARTER
    tab(page, "Changes")
    expect(page.locator("#changes")).to_contain_text("No changes yet")


def test_an_earlier_message_is_edited_and_sent_again_and_what_came_after_is_set_aside(page: Page, stage: Stage) -> None:
    for number, text in enumerate(("accent one", "accent two", "accent three"), 1):
        send(page, text)
        expect(page.locator("#chat .card.version")).to_have_count(number)
    box = page.locator("#box textarea")
    box.fill("half a thought")
    second = page.locator("#chat .user").nth(1).get_by_role("link", name="Edit and send again")
    second.click()
    banner = page.locator("#again .again")
    expect(banner).to_have_text("Sends again from version 1; what came after is set aside, versions stay")
    expect(box).to_have_value("accent two")
    page.get_by_role("button", name="Cancel sending again").click()
    expect(banner).to_be_hidden()
    expect(box).to_have_value("half a thought")

    second.focus()
    page.keyboard.press("Enter")
    expect(box).to_have_value("accent two")
    expect(box).to_be_focused()
    send(page, "accent 2")
    expect(page.locator("#chat .card.version")).to_have_count(2)
    expect(page.locator("#chat .user")).to_have_text([re.compile("accent one"), re.compile("accent 2")])
    expect(banner).to_be_hidden()
    expect(box).to_have_value("half a thought")
    runs = stage.sim.projects[page.url.split("p=")[1]].view().runs
    assert [run.set_aside for run in runs] == [False, True, True, False]
    assert runs[3].resends == runs[1].id

    page.locator("#chat .thought-group > .title", has_text="2 messages set aside").click()
    page.locator("#chat .children .thought-group > .title", has_text="accent three").click()
    expect(page.locator("#chat .children .card.version")).to_contain_text("Version 3")


def test_a_version_is_forked_into_a_project_of_its_own(page: Page, stage: Stage) -> None:
    project = begin(page, stage)
    project.released = True
    expect(page.locator("#chat .card.version")).to_be_visible()
    tab(page, "Changes")
    page.locator("#changes").get_by_role("button", name="Fork").click()
    stage.sim.pace = 100
    page.get_by_role("dialog", name="Fork version 1?").get_by_role("button", name="Fork").click()
    expect(page.locator("#topbar .project-name")).to_have_text("Patience (copy)")
    copy = stage.sim.projects[page.url.split("p=")[1]]
    assert copy is not project
    assert copy.files == project.files
    expect(page.locator("#chat")).to_contain_text("These files are yours now")
    # Its preview wakes, which writes nothing that could be undone.
    expect(page.locator("#box .stop-button")).to_be_visible()
    expect(page.get_by_role("button", name="More ways to stop")).to_be_hidden()
    page.locator("#box .stop-button").click()
    expect(page.locator("#box .stop-button")).to_be_hidden()
