"""The demo model builds its apps through tools alone."""

import pytest
from pydantic_ai.messages import ModelRequest, ModelResponse, ToolReturnPart

from backend.agent.demo import all_apps
from backend.agent.demo.apps import APPS
from backend.agent.guards.elisions import elisions
from tests.demo.desk import Desk
from tests.demo.prompts import BUILDS


@pytest.fixture(params=list(BUILDS))
def slug(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_an_app_is_built_from_free_words(slug: str) -> None:
    desk = Desk()
    calls = await desk.ask(BUILDS[slug])
    assert calls[-1].tool_name == "finish"
    for path, content in all_apps()[slug].items():
        assert desk.files[path] == content.decode(), path
    assert desk.said[0].startswith("I'll build **")


async def test_the_name_asked_for_is_the_name_everywhere(slug: str) -> None:
    desk = Desk()
    await desk.ask(f'{BUILDS[slug]}, called "Orbit"')
    old = next(app.name for app in APPS if app.slug == slug)
    assert '"Orbit"' in desk.files["lib/site.ts"]
    assert not [path for path in all_apps()[slug] if old in desk.files[path]]


async def test_any_prefix_of_the_history_gives_the_same_continuation(slug: str) -> None:
    desk = Desk()
    await desk.ask(BUILDS[slug])
    for i, message in enumerate(desk.messages):
        if isinstance(message, ModelResponse):
            again = await Desk().answer(desk.messages[:i])
            assert again.parts == message.parts


async def test_every_local_import_is_written_before_or_with_what_imports_it(slug: str) -> None:
    app = next(app for app in APPS if app.slug == slug)
    written: set[str] = set()
    for chapter in app.chapters:
        written |= set(chapter.paths)
        for path in chapter.paths:
            for name in _local_imports(app.files(app.name)[path], path):
                assert name in written, f"{path} imports {name} too early"


def test_no_file_reads_like_a_text_left_out(slug: str) -> None:
    for path, content in all_apps()[slug].items():
        assert not elisions(content.decode()), path


async def test_call_ids_never_repeat_in_a_project() -> None:
    desk = Desk()
    await desk.ask(BUILDS["kanban"])
    await desk.ask("make it emerald")
    ids = [
        part.tool_call_id
        for m in desk.messages
        if isinstance(m, ModelRequest)
        for part in m.parts
        if isinstance(part, ToolReturnPart)
    ]
    assert len(ids) == len(set(ids))


def _local_imports(text: str, path: str) -> list[str]:
    import posixpath
    import re

    names = re.findall(r'from "((?:@/|\./|\.\./)[^"]+)"', text)
    folder = posixpath.dirname(path)
    stems = [n[2:] if n.startswith("@/") else posixpath.normpath(posixpath.join(folder, n)) for n in names]
    own = [path for app in APPS for path in app.files(app.name)]
    return [path for stem in stems for path in set(own) if path.rsplit(".", 1)[0] == stem]
