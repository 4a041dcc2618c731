"""What a tool refuses for a project's sake, and the questions it asks."""

import json

import pytest

from backend.agent.demo import all_apps
from backend.agent.guards.naming import names
from backend.agent.guards.references import broken_references
from backend.agent.guards.wholeness import cut_off, ends_early
from backend.workspace.starter import starter_files
from tests.agent.desk import Desk
from tests.agent.doubles import MemoryWorkspace

BOARD = "".join(
    ['"use client";\n\nexport function Board() {\n  const cards = [\n']
    + [f'    {{ id: {n}, title: "Card {n}", column: "todo" }},\n' for n in range(40)]
    + ["  ];\n  return <ul>{cards.map((c) => <li key={c.id}>{c.title}</li>)}</ul>;\n}\n"]
)
PAGE = 'import { Board } from "@/components/board";\n\nexport default function Page() {\n  return <Board />;\n}\n'
FILES = {
    **{path: body for path, body in starter_files().items() if not path.startswith("components/ui/")},
    "components/ui/button.tsx": b"export function Button() {\n  return null;\n}\n",
    "app/page.tsx": PAGE.encode(),
    "app/about/page.tsx": b"export default function About() {\n  return <p>Us</p>;\n}\n",
    "components/board.tsx": BOARD.encode(),
    "components/nav.tsx": b'export const nav = <a href="/about">About</a>;\n',
}
OTHER = 'export function Board() {\n  return <p className="text-3xl">A calendar instead</p>;\n}\n'


def desk(prompt: str = "Make the heading larger", shell=None) -> Desk:
    return Desk(MemoryWorkspace(FILES, shell=shell) if shell else MemoryWorkspace(FILES), prompt)


@pytest.mark.parametrize("root", ["starter", *all_apps()])
def test_whole_files_are_never_taken_for_cut_off_ones(root):
    files = starter_files() if root == "starter" else all_apps()[root]
    for path, body in files.items():
        if b"\0" not in body:
            assert cut_off(path, body.decode(errors="replace")) is None, path


def test_nearly_every_file_cut_in_the_middle_is_noticed():
    texts = [(p, b.decode()) for app in all_apps().values() for p, b in app.items() if p.endswith((".tsx", ".css"))]
    cuts = [(path, text[: int(len(text) * part)], text) for path, text in texts for part in (0.3, 0.5, 0.8)]
    noticed = sum(bool(cut_off(path, cut) or ends_early(cut, text)) for path, cut, text in cuts)
    assert noticed >= 0.97 * len(cuts)


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("a.tsx", "export function A() {\n  return <p>Hi</p>;\n", "1 `{` more"),
        ("a.tsx", "export const a = <div><p>Hi</p>;\n", "opens <div> 1 times more"),
        ("a.ts", "export const a = `one ${two}\n", "template literal"),
        ("a.ts", "export const a = 1;\n/* and so\n", "comment"),
        ("a.ts", 'import { a } from "./b', "string"),
        ("a.ts", "export const a = [1, 2].map(\n", "middle of a statement"),
        ("a.tsx", 'export const a = 1;\n<div className="x"', "middle of a tag"),
        ("a.css", ".a { color: red;\n", "1 `{` more"),
        ("a.json", '{"a": [1, 2', "no valid JSON"),
        ("a.svg", "<svg><g><path /></g>", "opens <svg>"),
    ],
)
async def test_file_that_is_cut_off_is_not_written(path, content, why):
    refused = await desk().call("write_file", path=path, content=content)
    assert not refused.ok
    assert why in refused.result


@pytest.mark.parametrize(
    "content",
    [
        "export const a = <p>Don't {b} — it's 5 > 3 :)</p>;\n",
        "export const re = /[{(]/g;\nexport const s = '}{';\n",
        "const a = <T,>(x: T) => x;\nexport const b = useState<string>(`${a(`{`)}`);\n",
        "export const c = <Field render={({ value }) => <Input value={value} onChange={(e) => set(e)} />} />;\n",
        "// {\nexport const d = 1; /* ( */\n",
        "export const e = { a: 1 } as const\n",
    ],
)
async def test_what_only_looks_unbalanced_is_written(content):
    assert (await desk().call("write_file", path="lib/a.tsx", content=content)).ok


async def test_edit_that_leaves_a_bracket_open_is_refused_and_one_with_both_ends_is_made():
    opening, closing = {"old": "return <ul>", "new": "return <div><ul>"}, {"old": "</ul>;", "new": "</ul></div>;"}
    half = await desk().call("edit_file", path="components/board.tsx", edits=[opening])
    assert not half.ok
    assert "opens <div> 1 times more" in half.result
    assert (await desk().call("edit_file", path="components/board.tsx", edits=[opening, closing])).ok


async def test_file_written_anew_that_stops_where_the_old_one_goes_on_is_refused():
    head = "\n".join(BOARD.splitlines()[:30]) + "\n"
    refused = await desk("Change the board").call("write_file", path="components/board.tsx", content=head)
    assert "ends where" in refused.result
    assert not refused.ok


PROTECTED = {
    "package.json": "add_packages",
    "package-lock.json": "add_packages",
    "next.config.ts": "preview",
    "instrumentation-client.ts": "into a component",
    "tsconfig.json": "Repair the code",
    "postcss.config.mjs": "app/globals.css",
    "components/ui/button.tsx": "className",
    ".npmrc": "add_packages",
    ".codeflow/x.ts": "elsewhere",
    "app/../next.config.ts": "preview",
    "/home/user/app/tsconfig.json": "Repair the code",
}


@pytest.mark.parametrize(("path", "instead"), PROTECTED.items())
async def test_what_the_product_relies_on_is_protected_by_every_tool_and_says_what_to_do_instead(path, instead):
    work = desk()
    for tool, args in {
        "write_file": {"content": "{}"},
        "edit_file": {"edits": [{"old": "a", "new": "b"}]},
        "delete_file": {},
        "move_file": {"source": path, "target": "lib/x.ts"},
    }.items():
        refused = await work.call(tool, **({"path": path} | args if tool != "move_file" else args))
        assert not refused.ok
        assert instead in refused.result
    moved = await work.call("move_file", source="components/nav.tsx", target=path)
    assert instead in moved.result
    assert work.workspace.files == FILES


async def test_request_that_names_some_protected_files_opens_them_but_never_the_lock():
    named = desk("Set reactCompiler in next.config.ts, change components/ui/button.tsx and package-lock.json")
    assert (await named.call("write_file", path="next.config.ts", content="export default {};\n")).ok
    button = {"old": "return null", "new": "return 1"}
    assert (await named.call("edit_file", path="components/ui/button.tsx", edits=[button])).ok
    assert not (await named.call("write_file", path="package-lock.json", content="{}")).ok
    assert not (await desk("Add a button").call("delete_file", path="components/ui/button.tsx")).ok


@pytest.mark.parametrize(
    "command", ["npm install zod", "cd . && pnpm add zod", "npm i", "yarn remove zod", "npm update"]
)
async def test_packages_are_not_installed_by_command(command):
    work = desk()
    assert "add_packages" in (await work.call("run_command", command=command)).result
    assert not work.workspace.effects.commands


async def test_protected_file_that_a_command_changed_is_put_back_and_the_rest_is_kept():
    async def shell(command, workspace):
        return 0, "done", {"next.config.ts": b"export default {}\n", "package-lock.json": None, "lib/new.ts": b"1;\n"}

    work = desk(shell=shell)
    done = await work.call("run_command", command="node scripts/setup.js")
    assert not done.ok
    assert "Put back as it was: `next.config.ts` is protected" in done.result
    assert "Put back as it was: `package-lock.json` is protected" in done.result
    assert [change.path for change in done.changes] == ["lib/new.ts"]
    assert work.workspace.files == {**FILES, "lib/new.ts": b"1;\n"}


async def test_rewriting_what_nobody_spoke_of_is_asked_about_once_and_its_reason_told_to_the_person():
    work, call = desk(), {"path": "components/board.tsx", "content": OTHER}
    asked = await work.call("write_file", **call)
    assert not asked.ok
    assert "removes 44 of 46 lines of components/board.tsx, which the request does not name" in asked.result
    assert "`why`" in asked.result
    assert work.workspace.files == FILES
    still = await work.call("write_file", **call)
    assert not still.ok, "without a reason it is asked again"
    done = await work.call("write_file", **call, why="The board becomes a calendar.")
    assert done.ok
    assert done.output == "The board becomes a calendar."
    again = await work.call("write_file", path="components/board.tsx", content=BOARD)
    assert again.ok, "what was settled is not asked about again"
    assert (await work.call("delete_file", path="components/board.tsx")).ok


async def test_reason_given_before_anybody_asked_is_no_answer():
    work = desk()
    asked = await work.call("delete_file", path="components/board.tsx", why="Not needed.")
    assert not asked.ok
    assert "deletes components/board.tsx (46 lines)" in asked.result
    assert (await work.call("delete_file", path="components/board.tsx", why="Not needed.")).ok


async def test_edit_that_takes_most_of_a_file_is_asked_about_too():
    middle = BOARD[BOARD.index("    { id: 0") : BOARD.index("  ];")]
    asked = await desk().call("edit_file", path="components/board.tsx", edits=[{"old": middle, "new": ""}])
    assert not asked.ok
    assert "removes 40 of 46 lines" in asked.result


@pytest.mark.parametrize(
    "prompt",
    [
        "Make the board a calendar",
        "Rewrite components/board.tsx",
        "Replace the Board component",
        "Start over with something new",
        "Mach alles neu",
    ],
)
async def test_what_the_request_names_is_not_asked_about(prompt):
    assert (await desk(prompt).call("write_file", path="components/board.tsx", content=OTHER)).ok


async def test_files_of_the_run_itself_and_the_untouched_starter_are_not_asked_about():
    work = Desk(MemoryWorkspace(starter_files()), "A kanban app")
    for path in ("app/page.tsx", "app/layout.tsx"):
        assert (await work.call("write_file", path=path, content="export default function P() {\n  return 1;\n}\n")).ok
    assert (await work.call("write_file", path="components/list.tsx", content=BOARD)).ok
    assert (await work.call("write_file", path="components/list.tsx", content=OTHER)).ok
    assert (await work.call("delete_file", path="components/list.tsx")).ok


async def test_reindenting_and_reordering_a_file_is_no_loss():
    lines = BOARD.splitlines()
    cards = lines[4:44]
    moved = "\n".join([*lines[:4], *("  " + line for line in reversed(cards)), *lines[44:]]) + "\n"
    assert (await desk().call("write_file", path="components/board.tsx", content=moved)).ok


async def test_moving_away_what_was_there_does_not_make_it_the_runs_own():
    work = desk()
    assert (await work.call("move_file", source="components/board.tsx", target="components/old.tsx")).ok
    assert not (await work.call("delete_file", path="components/old.tsx")).ok


async def test_files_a_command_deletes_unasked_are_put_back_and_deleted_once_there_is_a_reason():
    async def shell(command, workspace):
        gone = {path: None for path in workspace.files if path.startswith("components/") and "/ui/" not in path}
        return 0, "", gone

    work = desk(shell=shell)
    asked = await work.call("run_command", command="rm -rf components")
    assert not asked.ok
    assert "deletes components/board.tsx (46 lines)" in asked.result
    assert not asked.changes
    assert work.workspace.files == FILES
    done = await work.call("run_command", command="rm -rf components", why="They are not used any more.")
    assert done.ok
    assert "They are not used any more." in done.output
    assert "components/board.tsx" in {change.path for change in done.changes}


async def test_command_that_moves_files_or_touches_little_is_not_asked_about():
    async def shell(command, workspace):
        moved = {"components/board.tsx": None, "components/boards/board.tsx": BOARD.encode()}
        return 0, "", {**moved, "components/nav.tsx": FILES["components/nav.tsx"] + b"// x\n"}

    done = await desk(shell=shell).call("run_command", command="sh tidy.sh")
    assert done.ok
    assert len(done.changes) == 3
    assert "`Board` was exported from components/board.tsx and is imported by app/page.tsx." in done.result


async def test_change_that_takes_a_name_or_a_page_from_its_users_says_so():
    work = desk("Rename the board to lanes and remove the about page")
    old = {"old": "export function Board()", "new": "export function Lanes()"}
    done = await work.call("edit_file", path="components/board.tsx", edits=[old])
    assert "`Board` was exported from components/board.tsx and is imported by app/page.tsx." in done.result
    gone = await work.call("delete_file", path="app/about/page.tsx")
    assert "The page /about is gone, and components/nav.tsx still links to it." in gone.result
    fine = await work.call(
        "write_file", path="app/page.tsx", content="export default function Home() {\n  return 1;\n}\n"
    )
    assert "export" not in fine.result


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ('import Thing, { a as b, type C } from "../lib/thing";', ["default", "a", "C"]),
        ('export { a } from "@/lib/thing";', ["a"]),
        ('import * as all from "@/lib/thing";', []),
        ('import { a } from "@/lib/things";', []),
    ],
)
def test_users_are_found_however_they_import(user, said):
    before = {
        "lib/thing.ts": b"export const a = 1;\nexport type C = 1;\nexport default a;\n",
        "app/x.ts": user.encode(),
    }
    broken = broken_references(before, {"app/x.ts": before["app/x.ts"]}, ["lib/thing.ts"])
    assert len(broken) == len(said)
    for name, sentence in zip(sorted(said, key=lambda n: (n.isupper(), n)), sorted(broken), strict=False):
        assert "app/x.ts" in sentence
        assert name in " ".join(broken)


@pytest.mark.parametrize(
    ("prompt", "path", "named"),
    [
        ("Make the orders table sortable", "components/dashboard/orders-table.tsx", True),
        ("Make it sortable", "components/dashboard/orders-table.tsx", False),
        ("Fix the OrdersTable", "components/dashboard/orders-table.tsx", True),
        ("The customers page needs a filter", "app/customers/page.tsx", True),
        ("Change the start page", "app/page.tsx", True),
        ("Use a darker theme", "app/globals.css", True),
        ("Add a filter", "app/globals.css", False),
        ("Add a filter", "app/page.tsx", False),
        ("Add a filter", "lib/data.ts", False),
    ],
)
def test_request_names_a_file_by_words_too(prompt, path, named):
    assert names(prompt, path) is named


async def test_every_kind_of_change_is_counted():
    work = desk("Rework the board and nav", shell=_binary)
    crlf = await work.call("write_file", path="lib/crlf.ts", content="a;\r\nb;\r\n")
    edited = await work.call("edit_file", path="lib/crlf.ts", edits=[{"old": "b;", "new": "c;\nd;"}])
    moved = await work.call("move_file", source="lib/crlf.ts", target="lib/moved.ts")
    deleted = await work.call("delete_file", path="lib/moved.ts")
    ran = await work.call("run_command", command="make")
    added = await work.call("add_packages", names=["zod"])
    counts = [
        sorted((c.path, c.status.value, c.added, c.removed) for c in done.changes)
        for done in (crlf, edited, moved, deleted, ran, added)
    ]
    assert counts == [
        [("lib/crlf.ts", "A", 2, 0)],
        [("lib/crlf.ts", "M", 2, 1)],
        [("lib/crlf.ts", "D", 0, 3), ("lib/moved.ts", "A", 3, 0)],
        [("lib/moved.ts", "D", 0, 3)],
        [("public/a.png", "A", 0, 0)],
        [("package.json", "M", 1, 1)],
    ]
    assert edited.changes[0].diff.count("\r") == 4, "only the lines that changed, in the file's own line ends"


async def _binary(command, workspace):
    manifest = json.dumps({"name": "x"}).encode() + b"\n"
    if command.startswith("npm install"):
        return 0, "", {"package.json": workspace.files["package.json"].replace(b'"name"', b'"title"', 1)}
    return 0, "", {"public/a.png": b"\x89PNG\0" + manifest}
