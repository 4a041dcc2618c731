import json
import re

from backend.agent.demo.changes.column import DATA
from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.wording import new_id, subject
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

_LIST = "export const seedCards: Card[] = [\n"
_COLUMN = re.compile(r"\{ id: \"([^\"]+)\", title: (\"(?:[^\"\\]|\\.)*\"), color:")
_MEMBER = re.compile(r"\{ id: \"([^\"]+)\", name: \"([^\" ]+)[^\"]*\", initials:")
_PRIORITIES = ("urgent", "high", "low", "medium")


def card(request: Request) -> Script | None:
    """`add a card "Write release notes" to To do`, `add an urgent task: fix the login`."""
    if request.app.slug != "kanban" or not request.mentions("add|create|new|put"):
        return None
    title = subject(request, "card|task|ticket|to-?do|story|issue")
    return _script(request, title) if title else None


def _script(request: Request, title: str) -> Script:
    (data,) = yield Say("I'll look at the cards there are.", read(DATA))
    columns = [(found[1], json.loads(found[2])) for found in _COLUMN.finditer(data)]
    if _LIST not in data or not columns:
        yield from stop(
            request, f"I couldn't find the list of cards in `{DATA}`: it is not as I wrote it. I changed nothing."
        )
        return
    column, label = next(
        ((id, name) for id, name in columns if re.search(rf"\b{re.escape(name)}\b", request.bare, re.I)),
        columns[min(1, len(columns) - 1)],
    )
    priority = next((word for word in _PRIORITIES if request.mentions(word)), "medium")
    members = [(found[1], found[2]) for found in _MEMBER.finditer(data)]
    assignee = next((id for id, name in members if request.mentions(re.escape(name))), members[0][0] if members else "")
    entry = (
        "  {\n"
        f'    id: "{new_id(title, data)}",\n'
        f'    columnId: "{column}",\n'
        f"    title: {json.dumps(title, ensure_ascii=False)},\n"
        '    description: "",\n'
        f'    priority: "{priority}",\n'
        f'    assignee: "{assignee}",\n'
        '    tag: "Task",\n'
        '    due: "",\n'
        "  },\n"
    )
    yield from apply(
        request,
        f"I'll add **{title}** to {label}, with {priority} priority.",
        edits(DATA, data, data.replace(_LIST, _LIST + entry, 1)),
        f"“{title}” is on the board, at the top of {label}.",
    )
