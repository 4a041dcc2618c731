"""The demo model changes what it built, working on the files as they are."""

import pytest
from pydantic_ai.messages import ModelResponse

from tests.demo.desk import Desk
from tests.demo.prompts import BUILDS, CHANGES, GENERIC

EVERY_CHANGE = [(slug, prompt) for slug in BUILDS for prompt in (*GENERIC, *CHANGES[slug])]


async def built(slug: str) -> Desk:
    desk = Desk()
    await desk.ask(BUILDS[slug])
    return desk


@pytest.mark.parametrize(("slug", "prompt"), EVERY_CHANGE)
async def test_a_change_edits_files_and_proposes_to_finish(slug: str, prompt: str) -> None:
    desk = await built(slug)
    before = dict(desk.files)
    calls = await desk.ask(prompt)
    assert calls[0].tool_name == "read_file"
    assert calls[-1].tool_name == "finish"
    assert desk.files != before
    assert any(call.tool_name == "edit_file" for call in calls)


@pytest.mark.parametrize(("slug", "prompt"), EVERY_CHANGE)
async def test_asked_twice_it_says_so_or_adds_another_but_never_breaks_the_file(slug: str, prompt: str) -> None:
    desk = await built(slug)
    await desk.ask(prompt)
    once = dict(desk.files)
    calls = await desk.ask(prompt)
    if calls[-1].tool_name != "finish":
        assert desk.files == once
        assert desk.said[-1]


@pytest.mark.parametrize("slug", list(BUILDS))
async def test_all_changes_follow_on_each_other(slug: str) -> None:
    desk = await built(slug)
    for prompt in (*CHANGES[slug], *GENERIC):
        calls = await desk.ask(prompt)
        assert calls[-1].tool_name == "finish", prompt
    answers = [(i, message) for i, message in enumerate(desk.messages) if isinstance(message, ModelResponse)]
    for i, message in answers[-12:]:
        assert (await Desk().answer(desk.messages[:i])).parts == message.parts


async def test_rename_reaches_the_one_place_every_screen_reads() -> None:
    desk = await built("expenses")
    await desk.ask("rename it to Orbit")
    assert 'name: "Orbit"' in desk.files["lib/site.ts"]


async def test_a_hex_colour_becomes_the_accent_in_both_themes() -> None:
    desk = await built("landing")
    await desk.ask("use #f06 as the accent colour")
    styles = desk.files["app/globals.css"]
    assert styles.count("--primary: #ff0066;") == 2


async def test_a_column_goes_where_it_is_wanted() -> None:
    desk = await built("kanban")
    await desk.ask('add a column called "QA" after To do')
    data = desk.files["lib/kanban/data.ts"]
    assert data.index('title: "To do"') < data.index('title: "QA"') < data.index('title: "In progress"')


async def test_words_in_quotes_are_content_and_not_wishes() -> None:
    desk = await built("kanban")
    await desk.ask('add a card "Make the dark theme blue" to Done')
    data = desk.files["lib/kanban/data.ts"]
    assert 'title: "Make the dark theme blue"' in data
    assert "components/theme-toggle.tsx" not in desk.files


async def test_quotes_and_markup_in_a_persons_words_stay_words() -> None:
    desk = await built("kanban")
    await desk.ask('add a card: say "hi" & <b>${name}</b> `now` \\ ok')
    await desk.ask("change the headline to <script>alert(1)</script> ${x}")
    assert (
        r"\"hi\" & <b>${name}</b> `now` \\ ok" in desk.files["lib/kanban/data.ts"]
        or '"Hi"' in desk.files["lib/kanban/data.ts"]
    )
    assert '"<script>alert(1)</script> ${x}"' in desk.files["lib/site.ts"]


async def test_a_page_is_linked_and_stands_in_the_apps_frame() -> None:
    desk = await built("dashboard")
    await desk.ask("add a settings page")
    assert '"@/components/dashboard/shell"' in desk.files["app/settings/page.tsx"]
    assert 'href: "/settings"' in desk.files["lib/site.ts"]


async def test_two_wishes_in_one_prompt_are_both_granted_and_checked_once() -> None:
    desk = await built("kanban")
    calls = await desk.ask("make it coral, add a Review column and a QA column")
    data = desk.files["lib/kanban/data.ts"]
    assert 'title: "Review"' in data
    assert 'title: "QA"' in data
    assert "--primary: #e8553f;" in desk.files["app/globals.css"]
    assert [call.tool_name for call in calls].count("finish") == 1


async def test_an_and_within_a_title_does_not_split_the_wish() -> None:
    desk = await built("kanban")
    await desk.ask("add a card called Plan, build and ship")
    assert 'title: "Plan, build and ship"' in desk.files["lib/kanban/data.ts"]


async def test_a_wish_without_its_name_is_asked_back() -> None:
    desk = await built("kanban")
    before = dict(desk.files)
    assert await desk.ask("add another column") == []
    assert desk.said[-1].startswith("What should the column be called?")
    assert desk.files == before
