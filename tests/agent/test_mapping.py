"""What the model is told of a project before it reads a file."""

from backend.agent.mapping import MAX_FILES, MAX_INSTRUCTIONS_CHARS, exports, mapped, project_map
from backend.events import ProjectMapped
from tests.agent.doubles import MemoryJournal, a_run

PAGE = b'import { Board } from "@/components/board"\nexport const metadata = {}\nexport default function Page() { return <Board /> }\n'
BOARD = b'"use client"\nexport type Card = { id: string }\nexport function Board() {}\nfunction hidden() {}\n'
APP = {
    "app/page.tsx": PAGE,
    "app/(shop)/items/[id]/page.tsx": b"export default async function Item() {}\n",
    "app/api/tasks/route.ts": b"export async function GET() {}\nexport async function POST() {}\n",
    "components/board.tsx": BOARD,
    "components/ui/button.tsx": b"export { Button, buttonVariants }\n",
    "components/ui/card.tsx": b"",
    "public/logo.svg": b"<svg/>",
}


def test_routes_files_exports_and_the_ui_kit_are_on_it():
    assert project_map(APP).splitlines() == [
        "<project>",
        "Routes: /, /items/[id], /api/tasks (handler)",
        "Files, with what they export:",
        "app/(shop)/items/[id]/page.tsx: Item (1 lines)",
        "app/api/tasks/route.ts: GET, POST (2 lines)",
        "app/page.tsx: metadata, Page (3 lines)",
        "components/board.tsx: Card, Board (client, 4 lines)",
        "public/logo.svg",
        "components/ui/: button, card",
        "</project>",
    ]


def test_every_way_to_export_is_known():
    source = (
        "export const a = 1, b = 2\nexport let c\nexport async function d() {}\nexport abstract class E {}\n"
        "export type { F, G as H }\nexport { i as default, j }\nexport enum K {}\nexport interface L {}\n"
        "const m = 1\n  export const inside = 1\n"
    )
    assert exports(source) == ["a", "c", "d", "E", "F", "H", "default", "j", "K", "L"]
    assert exports("const Page = () => null\nexport default Page\n") == ["Page"]
    assert exports("export default () => null\n") == ["default"]


def test_a_large_project_is_counted_by_folder_and_a_file_that_is_no_text_harms_nothing():
    files = {f"lib/many/f{n:03}.ts": b"export const x = 1\n" for n in range(MAX_FILES + 40)}
    text = project_map({"a.tsx": b"\xff\xfe\x00", **files})
    assert "lib/many/: 41 more files" in text
    assert len(text) < 20_000


def test_lasting_instructions_are_told_and_long_ones_say_where_the_rest_is():
    told = project_map({"AGENTS.md": b"Always green.\n"})
    assert told.endswith('<instructions file="AGENTS.md">\nAlways green.\n</instructions>')
    long = project_map({"AGENTS.md": b"x" * (MAX_INSTRUCTIONS_CHARS + 1)})
    assert "read AGENTS.md for the rest" in long
    assert "<instructions" not in project_map({"AGENTS.md": b" \n"})


async def test_an_attempt_that_resumes_is_told_of_the_project_as_the_first_one_found_it():
    journal = MemoryJournal(a_run())
    first = await mapped(journal, APP)
    again = journal.reopened()
    assert await mapped(again, {"other.ts": b""}) == first
    assert len(again.events(ProjectMapped)) == 1
