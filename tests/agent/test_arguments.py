"""Tool calls as models write them: mended where they have one meaning, else told back precisely; what was cut is never mended."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai.messages import ModelResponse, ModelResponsePart, ToolCallPart

from backend.agent.arguments import Unreadable, arguments, tidied
from backend.agent.calls import carry_out
from backend.agent.scope import Scope
from backend.agent.tools import CATALOGUE, Done, Hands
from backend.domain import CheckReport
from tests.agent.doubles import MemoryWorkspace, passing

PAGE = 'export default function Page() {\n  return <p className="a">It\'s {"so"}, }</p>;\n}\n'
MEANT = {"path": "app/page.tsx", "content": PAGE}
PLAIN = json.dumps(MEANT)


@pytest.mark.parametrize(
    "written",
    [
        PLAIN,
        json.dumps(MEANT, indent=2),
        f"```json\n{PLAIN}\n```",
        f"```\n{PLAIN}```",
        f"  {PLAIN}\n",
        f"{{}}{PLAIN}",
        json.dumps(PLAIN),
        PLAIN[:-1] + ",}",
        PLAIN.replace("\\n", "\n"),
        repr(MEANT),
        MEANT,
    ],
    ids=[
        "plain",
        "indented",
        "fenced",
        "fenced-2",
        "spaces",
        "after-empty",
        "twice",
        "comma",
        "newlines",
        "python",
        "object",
    ],
)
async def test_arguments_with_one_meaning_are_read(written):
    workspace = MemoryWorkspace({})
    done = await carried_out(workspace, "write_file", written)
    assert done.ok, done.text
    assert workspace.files == {"app/page.tsx": PAGE.encode()}


@pytest.mark.parametrize(
    ("tool", "args", "clue"),
    [
        ("write_file", PLAIN.replace('\\"', '"'), "Escape quotes"),
        ("write_file", '{"path": "a.ts", "content": "a" "b"}', "delimiter"),
        ("write_file", '{"path": "a.ts", "content": "/\\d/"}', "Escape quotes and backslashes"),
        ("write_file", '["a.ts", "1"]', "must be one JSON object"),
        ("write_file", "a.ts", "are not JSON"),
        ("write_file", PLAIN + PLAIN, "Extra data"),
        ("write_file", {"path": "a.ts"}, "content: Field required. It takes path, content"),
        ("write_file", {"file": "a.ts", "content": ""}, "path: Field required"),
        ("write_file", {"path": "a.json", "content": {"a": 1}}, "content: Input should be a valid string"),
        ("write_file", {**MEANT, "mode": "append"}, "mode: Extra inputs are not permitted"),
        ("read_file", {"path": "a.ts", "start": "soon"}, "start: Input should be a valid integer"),
        ("create_file", MEANT, "There is no tool `create_file`. The tools are: list_files, read_file"),
    ],
)
async def test_what_has_no_one_meaning_is_told_back_and_nothing_is_done(tool, args, clue):
    workspace = MemoryWorkspace({"a.ts": b"1\n"})
    done = await carried_out(workspace, tool, args)
    assert not done.ok
    assert clue in done.text
    assert workspace.files == {"a.ts": b"1\n"}


@pytest.mark.parametrize(
    ("tool", "args", "clue"),
    [
        ("read_file", {"path": "a.ts", "start": "2", "end": "2"}, "two"),
        ("read_file", {"path": "a.ts", "start": None, "end": None}, "three"),
        ("list_files", {"path": None}, "a.ts"),
        ("add_packages", {"names": "zod"}, "npm install zod"),
        ("add_packages", {"names": '["zod", "clsx"]'}, "npm install zod clsx"),
        ("functions.read_file", {"path": "a.ts"}, "three"),
        ("ReadFile", {"path": "a.ts"}, "three"),
        ("read_file<|channel|>commentary", {"path": "a.ts"}, "three"),
        ("default_api:list_files", "", "a.ts"),
    ],
)
async def test_types_and_names_with_one_meaning_are_taken_for_it(tool, args, clue):
    done = await carried_out(MemoryWorkspace({"a.ts": b"one\ntwo\nthree\n"}), tool, args)
    assert done.ok, done.text
    assert clue in done.text


names = st.text(st.characters(codec="utf-8"), max_size=8)
objects = st.dictionaries(names, st.one_of(st.text(max_size=30), st.integers(), st.none(), st.lists(names, max_size=3)))


@given(objects.filter(bool), st.data())
@settings(max_examples=150, deadline=None)
async def test_whatever_is_cut_anywhere_is_refused(meant, data):
    for text in (
        json.dumps(meant),
        json.dumps(meant, ensure_ascii=False, indent=1),
        repr(meant),
        json.dumps(json.dumps(meant)),
    ):
        whole = text.rstrip()
        at = data.draw(st.integers(1, len(whole) - 1))
        with pytest.raises(Unreadable):
            arguments(ToolCallPart("write_file", whole[:at]))


@given(objects)
@settings(max_examples=100, deadline=None)
async def test_what_is_whole_is_read_as_it_was_meant_and_told_on_as_it_was_said(meant):
    parts: list[ModelResponsePart] = [ToolCallPart("WriteFile", text) for text in (json.dumps(meant, indent=2), meant)]
    tidy = [part for part in tidied(parts) if isinstance(part, ToolCallPart)]
    assert [part.tool_name for part in tidy] == ["write_file"] * 2
    assert tidy[0].args == tidy[1].args
    for part in tidy:
        assert list(arguments(part).items()) == list(meant.items())


async def test_half_a_character_harms_nothing():
    (part,) = tidied([ToolCallPart("write_file", '{"path": "a.ts", "content": "// \\ud83d"}')])
    assert isinstance(part, ToolCallPart)
    done = await carried_out(MemoryWorkspace({}), part.tool_name, part.args)
    assert done.ok
    assert ModelResponse(parts=[part])


async def test_no_tool_is_taken_for_another():
    for name in CATALOGUE:
        (part,) = tidied([ToolCallPart(name, "{}")])
        assert isinstance(part, ToolCallPart)
        assert part.tool_name == name


async def carried_out(workspace: MemoryWorkspace, tool: str, args: Any) -> Done:
    async def say(_: str) -> None:
        return None

    async def prove() -> CheckReport:
        return passing()

    return await carry_out(ToolCallPart(tool, args), Hands(workspace, "k", say, prove, Scope("a page")))
