"""What each tool does, and what it tells the model when it cannot."""

import pytest

from backend.agent.tools import CATALOGUE
from backend.domain import MAX_FILE_BYTES
from backend.events import ToolFinished
from backend.workspace.contract import CommandResult
from tests.agent.desk import Desk
from tests.agent.doubles import MemoryWorkspace

FILES = {
    "app/page.tsx": b"export default function Page() {\n  return <p>Hello</p>;\n}\n",
    "lib/long.ts": b"".join(b"export const n%d = %d;\n" % (i, i) for i in range(4000)),
    "components/ui/button.tsx": b"export function Button() {}\n",
    "components/ui/card.tsx": b"export function Card() {}\n",
}


async def call(tool: str, workspace: MemoryWorkspace | None = None, **args: object) -> ToolFinished:
    return await Desk(workspace or MemoryWorkspace(FILES)).call(tool, **args)


def test_every_tool_is_described_to_the_model():
    for name, tool in CATALOGUE.items():
        definition = tool.definition()
        assert definition.name == name
        assert definition.description
        assert definition.parameters_json_schema["type"] == "object"
        assert definition.parameters_json_schema["additionalProperties"] is False


async def test_listing_sums_up_the_ui_kit_unless_asked_for():
    whole = await call("list_files")
    assert "app/page.tsx (58 bytes)" in whole.result
    assert "2 ready-made ui components" in whole.result
    assert "button.tsx" not in whole.result
    assert "components/ui/button.tsx" in (await call("list_files", path="components/ui/")).result
    assert not (await call("list_files", path="src")).ok


async def test_reading_gives_the_file_as_it_is_or_the_lines_asked_for():
    assert (await call("read_file", path="app/page.tsx")).result == FILES["app/page.tsx"].decode()
    assert (await call("read_file", path="./app/page.tsx")).ok
    assert (await call("read_file", path="/home/user/app/app/page.tsx")).ok
    part = await call("read_file", path="lib/long.ts", start=10, end=11)
    assert part.result == "[lines 10 to 11 of 4000]\nexport const n9 = 9;\nexport const n10 = 10;"
    long = await call("read_file", path="lib/long.ts")
    assert long.result.startswith("[lines 1 to ")
    assert len(long.result) < 61_000
    assert "holds none" in (await call("read_file", path="app/page.tsx", start=10)).result


async def test_search_finds_lines_with_their_places():
    found = await call("search", pattern=r"Hel+o", glob="app/**/*.tsx")
    assert found.result == "app/page.tsx:2:   return <p>Hello</p>;"
    assert "No line matches" in (await call("search", pattern="Goodbye")).result


async def test_writing_says_what_changed_and_refuses_what_leaves_something_out():
    workspace = MemoryWorkspace(FILES)
    created = await call("write_file", workspace, path="lib/a.ts", content="export const a = 1;\n")
    assert created.result == "Created lib/a.ts (+1 −0 lines)."
    assert [change.status for change in created.changes] == ["A"]
    again = await call("write_file", workspace, path="lib/a.ts", content="export const a = 1;\n")
    assert again.ok
    assert "nothing changed" in again.result
    assert not again.changes
    elided = await call("write_file", workspace, path="lib/a.ts", content="const b = 2;\n// ... rest unchanged\n")
    assert not elided.ok
    assert "// ... rest unchanged" in elided.result
    assert workspace.files["lib/a.ts"] == b"export const a = 1;\n"
    assert not (await call("write_file", path="a.ts", content="x" * (MAX_FILE_BYTES + 1))).ok
    assert not (await call("write_file", path="a.ts", content="a\x00b")).ok


async def test_edit_that_misses_changes_nothing_and_shows_the_place():
    workspace = MemoryWorkspace(FILES)
    missed = await call("edit_file", workspace, path="app/page.tsx", old="return <b>Hello</b>;", new="return null;")
    assert not missed.ok
    assert "return <p>Hello</p>;" in missed.result
    assert workspace.files == FILES


async def test_moving_never_writes_over_another_file():
    workspace = MemoryWorkspace(FILES)
    moved = await call("move_file", workspace, source="app/page.tsx", target="app/home/page.tsx")
    assert sorted((c.path, c.status.value) for c in moved.changes) == [
        ("app/home/page.tsx", "A"),
        ("app/page.tsx", "D"),
    ]
    assert not (await call("move_file", workspace, source="lib/long.ts", target="components/ui/card.tsx")).ok
    gone = await Desk(workspace, "Remove lib/long.ts, please").call("delete_file", path="lib/long.ts")
    assert gone.changes[0].sha256 is None


async def test_command_reports_exit_code_output_and_the_files_it_changed():
    async def shell(command, workspace):
        return 2, "boom\n", {"out.txt": b"made\n"}

    finished = await call("run_command", MemoryWorkspace(FILES, shell=shell), command="make")
    assert not finished.ok
    assert finished.exit_code == 2
    assert finished.result == "Exit code 2.\nCreated out.txt (+1 −0 lines).\nboom"
    assert finished.output == "boom\n"


async def test_command_that_ran_out_of_time_says_so():
    class Slow(MemoryWorkspace):
        async def run(self, command, *, timeout_s=120, key=None, on_output=None):
            return CommandResult(-1, "half", True, 5000, [])

    finished = await call("run_command", Slow(FILES), command="sleep 99", timeout_s=5)
    assert not finished.ok
    assert "Stopped after 5 seconds" in finished.result


async def test_output_of_a_command_is_bounded_with_head_and_tail():
    async def shell(command, workspace):
        return 0, "first\n" + "x" * 100_000 + "\nlast", {}

    finished = await call("run_command", MemoryWorkspace(FILES, shell=shell), command="yes")
    assert len(finished.result) < 13_000
    assert "first" in finished.result
    assert "\nlast\n" in finished.result
    assert "characters left out" in finished.result
    assert "The whole output is in /effects/" in finished.result


@pytest.mark.parametrize("command", ["npm run dev", "cd . && npx next build", "next dev --port 4000", "pnpm start"])
async def test_second_server_is_refused(command):
    workspace = MemoryWorkspace(FILES)
    assert "runs already" in (await call("run_command", workspace, command=command)).result
    assert not workspace.effects.commands


async def test_packages_are_added_by_name_and_version():
    workspace = MemoryWorkspace(FILES)
    assert (await call("add_packages", workspace, names=["@dnd-kit/core@^6", "zod"])).ok
    assert workspace.effects.commands == ["npm install @dnd-kit/core@^6 zod"]


async def test_checking_tells_the_report():
    finished = await call("check")
    assert finished.ok
    assert finished.result == "All checks passed: types hold"


async def test_edited_lines_come_back_with_their_numbers_so_that_they_need_no_reading():
    edits = [{"old": "n3 = 3;", "new": "n3 = 30;"}, {"old": "n20 = 20;", "new": "n20 = 200;\nexport const more = 1;"}]
    lines = FILES["lib/long.ts"].splitlines(keepends=True)
    workspace = MemoryWorkspace({"lib/long.ts": b"".join(lines[:300])})
    edited = await call("edit_file", workspace, path="lib/long.ts", edits=edits)
    assert edited.result == (
        "Changed lib/long.ts (+3 −2 lines).\n"
        "3| export const n2 = 2;\n4| export const n3 = 30;\n5| export const n4 = 4;\n"
        "20| export const n19 = 19;\n21| export const n20 = 200;\n22| export const more = 1;\n23| export const n21 = 21;"
    )
    whole = "".join(f"export const n{n} = {n};\n" for n in range(100, 200))
    long = await call(
        "edit_file", workspace, path="lib/long.ts", edits=[{"old": whole, "new": whole.replace(" = ", " = 1 + ")}]
    )
    assert len(long.result.splitlines()) < 30


async def test_miss_names_the_nearest_lines_by_number_and_what_differs():
    edit = {"old": "export const n7 = 7;\nexport const n8 = 9;", "new": "x"}
    missed = await call("edit_file", path="lib/long.ts", edits=[edit])
    assert "Line 9 reads `export const n8 = 8;` where `old` has `export const n8 = 9;`." in missed.result
    assert "9| export const n8 = 8;" in missed.result


async def test_lines_copied_with_their_numbers_are_found_without_them():
    edit = {"old": "3| export const n2 = 2;\n4| export const n3 = 3;", "new": "3| export const n2 = 0;"}
    workspace = MemoryWorkspace(FILES)
    assert (await call("edit_file", workspace, path="lib/long.ts", edits=[edit])).ok
    assert b"n1 = 1;\nexport const n2 = 0;\nexport const n4 = 4;\n" in workspace.files["lib/long.ts"]


async def test_edits_that_overlap_or_build_on_each_other_are_refused_with_what_to_do():
    overlap = [{"old": "n7 = 7;\nexport const n8", "new": "x"}, {"old": "export const n8 = 8;", "new": "y"}]
    assert "Edits 1 and 2 overlap" in (await call("edit_file", path="lib/long.ts", edits=overlap)).result
    chain = [{"old": "n7 = 7;", "new": "seven = 7;"}, {"old": "seven = 7;", "new": "y"}]
    assert "make the two one edit" in (await call("edit_file", path="lib/long.ts", edits=chain)).result


async def test_one_edit_may_come_without_a_list_around_it():
    assert (await call("edit_file", path="app/page.tsx", old="Hello", new="Bye")).ok
    both = await call("edit_file", path="app/page.tsx", old="Hello", new="Bye", edits=[{"old": "a", "new": "b"}])
    assert not both.ok


async def test_byte_order_mark_line_ends_and_composed_letters_stay_as_the_file_has_them():
    body = "\ufeffconst a = 1;\r\nconst cafe\u0301 = “x”;\r\n".encode()
    workspace = MemoryWorkspace({"lib/a.ts": body})
    edit = {"old": 'const café = "x";', "new": 'const café = "x";\nconst b = 2;'}
    assert (await call("edit_file", workspace, path="lib/a.ts", edits=[edit])).ok
    assert workspace.files["lib/a.ts"] == body + b"const b = 2;\r\n"
    first = {"old": "const a = 1;", "new": "const a = 2;"}
    assert (await call("edit_file", workspace, path="lib/a.ts", edits=[first])).ok
    assert workspace.files["lib/a.ts"].startswith(b"\xef\xbb\xbfconst a = 2;\r\n")
    assert (await call("write_file", workspace, path="lib/a.ts", content="const c = 3;\nconst d = 4;\n")).ok
    assert workspace.files["lib/a.ts"] == b"\xef\xbb\xbfconst c = 3;\r\nconst d = 4;\r\n"


async def test_file_indented_by_tabs_stays_so_whatever_the_model_indents_by():
    workspace = MemoryWorkspace({"lib/a.ts": b"if (a) {\n\tif (b) {\n\t\tgo();\n\t}\n}\n"})
    edit = {"old": "  if (b) {\n    go();\n  }", "new": "  if (b) {\n    if (c) {\n      go();\n    }\n  }"}
    assert (await call("edit_file", workspace, path="lib/a.ts", edits=[edit])).ok
    assert workspace.files["lib/a.ts"] == b"if (a) {\n\tif (b) {\n\t\tif (c) {\n\t\t\tgo();\n\t\t}\n\t}\n}\n"


async def test_half_characters_and_files_that_are_no_text_are_refused():
    workspace = MemoryWorkspace({"public/a.png": b"\x89PNG\0\0"})
    edit = {"old": "PNG", "new": "JPG"}
    refused = await call("edit_file", workspace, path="public/a.png", edits=[edit])
    assert not refused.ok
    assert "binary" in refused.result
    half = await call("write_file", workspace, path="a.ts", content="export const a = '\ud83d';\n")
    assert "half a character" in half.result
