"""What ten typical changes cost in output tokens: the edit tool's calls beside writing every changed file anew, as app
builders do that know no edits.

Both are counted with the tokenizer of OpenAI's current models. The edits are counted as they travel, as JSON with its
escapes; the whole files as bare text under a one-line tag, which is the least that writing them can cost.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import cache

import bpe_openai
from rich.table import Table

from backend.agent.demo import all_apps
from backend.agent.demo.director import perform
from backend.agent.demo.script import Call
from backend.agent.edits import Edit, apply_edits, replace_once
from backend.workspace.starter import starter_files

CHANGES = (
    ("kanban", "make it emerald"),
    ("kanban", "add a Review column"),
    ("kanban", "add a dark mode toggle"),
    ("kanban", 'rename it to "Orbit"'),
    ("expenses", "filter by payment method"),
    ("expenses", "add an expense “Coffee” 4.50"),
    ("dashboard", "add a KPI for average order value"),
    ("dashboard", "add a status filter"),
    ("landing", "change the headline to “Talk less, decide more”"),
    ("landing", "add an about page"),
)


@dataclass(frozen=True)
class Cost:
    app: str
    change: str
    edits: int
    """Output tokens of the calls, without the words around them."""
    files: int
    """The same of the changed files, whole."""

    @property
    def ratio(self) -> float:
        return self.edits / self.files


def costs() -> list[Cost]:
    return [_cost(app, change) for app, change in CHANGES]


def table() -> Table:
    measured = costs()
    edits, files = sum(cost.edits for cost in measured), sum(cost.files for cost in measured)
    shown = Table("app", "change", "edits", "whole files", "ratio", title="Output tokens of a change")
    for cost in measured:
        shown.add_row(cost.app, cost.change, f"{cost.edits:,}", f"{cost.files:,}", f"{cost.ratio:.2f}")
    shown.add_section()
    shown.add_row("", "all", f"{edits:,}", f"{files:,}", f"{edits / files:.2f}")
    return shown


def _cost(app: str, change: str) -> Cost:
    built = starter_files() | all_apps()[app]
    before = {path: body.decode(errors="replace") for path, body in built.items()}
    after = _changed(change, before)
    paths = [path for path, text in after.items() if before.get(path) != text]
    calls = [_call(path, before.get(path), after[path]) for path in paths]
    return Cost(
        app,
        change,
        edits=sum(_tokens(json.dumps(call, ensure_ascii=False)) for call in calls),
        files=sum(_tokens(f'<file path="{path}">\n{after[path]}\n</file>') for path in paths),
    )


def _changed(change: str, before: Mapping[str, str]) -> dict[str, str]:
    """The files after the demo model's change."""
    files = dict(before)
    script = perform(change, "\n".join(files))
    say = next(script)
    while say.calls:
        try:
            say = script.send([_carried_out(call, files) for call in say.calls])
        except StopIteration:
            break
    return files


def _carried_out(call: Call, files: dict[str, str]) -> str:
    match call.tool:
        case "read_file":
            return files[call.args["path"]]
        case "write_file":
            files[call.args["path"]] = call.args["content"]
        case "edit_file":
            path = call.args["path"]
            files[path] = replace_once(files[path], call.args["old"], call.args["new"])
    return "All checks passed"


def _call(path: str, before: str | None, after: str) -> dict[str, object]:
    """The call a careful model makes: the lines that change, with as many around them as name one place."""
    if before is None:
        return {"name": "write_file", "path": path, "content": after}
    edits = _edits(before.splitlines(keepends=True), after.splitlines(keepends=True))
    assert apply_edits(before, edits).text == after
    return {"name": "edit_file", "path": path, "edits": [asdict(edit) for edit in edits]}


def _edits(lines: list[str], wanted: list[str]) -> list[Edit]:
    stretches: list[tuple[int, int, int, int]] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, lines, wanted, False).get_opcodes():
        if tag == "equal":
            continue
        first, last = _unique(lines, start, end)
        new_first, new_last = new_start - (start - first), new_end + (last - end)
        if stretches and first <= stretches[-1][1]:
            first, _, new_first, _ = stretches.pop()
        stretches.append((first, last, new_first, new_last))
    return [Edit("".join(lines[a:b]), "".join(wanted[c:d])) for a, b, c, d in stretches]


def _unique(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """The stretch, widened by whole lines until its text stands only once in the file."""
    text = "".join(lines)
    while first == last or text.count("".join(lines[first:last])) > 1:
        first, last = max(0, first - 1), min(len(lines), last + (first == 0 or first == last))
    return first, last


@cache
def _encoding():
    return bpe_openai.get_encoding("o200k_base")


def _tokens(text: str) -> int:
    return len(_encoding().encode(text))
