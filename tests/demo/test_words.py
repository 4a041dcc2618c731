"""What is asked in free words is understood, or plainly declined."""

import pytest
from pydantic_ai.messages import BinaryContent, ModelRequest, ModelResponse, TextPart, ToolCallPart, UserPromptPart

from backend.agent.demo import demo_title
from backend.agent.demo.matching import app_for
from tests.demo.desk import Desk
from tests.demo.prompts import ASKS, BUILDS, UNKNOWN


@pytest.mark.parametrize(("prompt", "slug"), ASKS.items())
def test_free_words_name_an_app(prompt: str, slug: str) -> None:
    app = app_for(prompt)
    assert app is not None
    assert app.slug == slug


@pytest.mark.parametrize("prompt", UNKNOWN)
async def test_what_it_cannot_build_it_says_and_names_the_variables(prompt: str) -> None:
    desk = Desk()
    before = dict(desk.files)
    assert await desk.ask(prompt) == []
    assert desk.files == before
    for variable in ("OPENAI_API_KEY", "GEMINI_API_KEY", "OPENAI_BASE_URL"):
        assert variable in desk.said[-1]
    assert "kanban" in desk.said[-1]


@pytest.mark.parametrize("prompt", [*UNKNOWN, "connect it to my Postgres database", "fix the bug"])
async def test_what_it_cannot_change_it_says_and_names_what_it_can(prompt: str) -> None:
    desk = Desk()
    await desk.ask(BUILDS["kanban"])
    before = dict(desk.files)
    assert await desk.ask(prompt) == []
    assert desk.files == before
    assert "OPENAI_API_KEY" in desk.said[-1]
    assert "add a Review column" in desk.said[-1]


async def test_another_app_wants_another_project() -> None:
    desk = Desk()
    await desk.ask(BUILDS["kanban"])
    assert await desk.ask("now build an expense tracker") == []
    assert "new project" in desk.said[-1]


async def test_without_a_listing_it_looks_first() -> None:
    desk = Desk()
    desk.messages.append(ModelRequest(parts=[UserPromptPart("a kanban board")]))
    calls = await desk.go_on()
    assert calls[0].tool_name == "list_files"
    assert calls[-1].tool_name == "finish"


async def test_a_prompt_with_a_picture_is_read_by_its_words() -> None:
    desk = Desk()
    picture = BinaryContent(b"\x89PNG", media_type="image/png")
    desk.messages.append(
        ModelRequest(parts=[UserPromptPart("<project>\n</project>"), UserPromptPart(["a kanban board", picture])])
    )
    calls = await desk.go_on()
    assert calls[-1].tool_name == "finish"


async def test_a_history_of_another_model_is_not_taken_over() -> None:
    desk = Desk()
    call = ToolCallPart("run_command", {"command": "ls"}, "x1")
    desk.messages += [
        ModelRequest(parts=[UserPromptPart("a kanban board")]),
        ModelResponse(parts=[TextPart("Hm."), call]),
    ]
    answer = await desk.answer(desk.messages)
    assert not answer.tool_calls
    assert "Another model" in (answer.text or "")


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ('a kanban board called "Orbit"', "Orbit"),
        ("an expense tracker named Coin Purse, please", "Coin Purse"),
        ("a kanban board for a small team", "Flowboard"),
        ("build me a chess engine with an opening book", "Chess engine with an opening book"),
        ("", "Untitled app"),
        ("x" * 200_000, "x" * 48),
    ],
)
def test_a_project_gets_a_title(prompt: str, title: str) -> None:
    assert demo_title(prompt).lower() == title.lower()
