import json
import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.edits import edits
from backend.agent.demo.naming import clean_name
from backend.agent.demo.script import Say, Script, read

DATA = "lib/kanban/data.ts"
_CALLED = re.compile(
    r"\bcolumns?\s+(?:called|named|for|titled)\s+[\"“'‘]?([\w][\w &/\-]{0,30}?)[\"”'’]?(?=\s+(?:between|before|after|at|to)\b|[.,!?]|$)",
    re.I,
)
_BEFORE = re.compile(
    r"\badd\s+(?:me\s+)?(?:an?\s+|the\s+|another\s+)?(?:new\s+)?[\"“'‘]?([\w][\w &/\-]{0,30}?)[\"”'’]?\s+columns?\b",
    re.I,
)
_COLUMN = re.compile(r"^  \{ id: \"([^\"]+)\", title: (\"(?:[^\"\\]|\\.)*\"), color: \"[^\"]+\" \},\n", re.M)
COLORS = ("violet", "pink", "teal", "orange", "blue", "lime")


def column(request: Request) -> Script | None:
    """`add a Review column`, `add a column called "QA" after In progress`."""
    if request.app.slug != "kanban" or not request.mentions("columns?|lists?|lanes?|swimlanes?|stages?"):
        return None
    prompt = re.sub(r"\b(lists?|lanes?|swimlanes?|stages?)\b", "column", request.prompt, flags=re.I)
    found = _CALLED.search(prompt) or _BEFORE.search(prompt)
    title = clean_name(found[1]) if found else None
    if title is None or not request.mentions("add|create|new|insert|need|want"):
        return None
    if title.lower() in ("new", "another", "extra", "more"):
        return stop(request, "What should the column be called? For example: “add a Review column after In progress”.")
    return _script(request, title[:1].upper() + title[1:])


def _script(request: Request, title: str) -> Script:
    (data,) = yield Say("I'll look at the columns there are.", read(DATA))
    rows = list(_COLUMN.finditer(data))
    if not rows:
        yield from stop(
            request, f"I couldn't find the list of columns in `{DATA}`: it is not as I wrote it. I changed nothing."
        )
        return
    if any(json.loads(row[2]).lower() == title.lower() for row in rows):
        yield from stop(request, f"The board already has a column “{title}”.")
        return
    at, where = _place(request, rows)
    taken = {row[1] for row in rows}
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "column"
    slug = next(name for n in range(1, len(taken) + 2) if (name := slug if n == 1 else f"{slug}-{n}") not in taken)
    color = COLORS[(len(rows) - 4) % len(COLORS)]
    line = f'  {{ id: "{slug}", title: {json.dumps(title, ensure_ascii=False)}, color: "bg-{color}-500" }},\n'
    yield from apply(
        request,
        f"I'll add **{title}** {where}. A board that is already in use gets the column too: saved boards take over what is new.",
        edits(DATA, data, data[:at] + line + data[at:]),
        f"The board has a new column, {title}, {where}.",
    )


def _place(request: Request, rows: list[re.Match[str]]) -> tuple[int, str]:
    """Where in the file, and where in words: after or before the column named in the prompt, else before the last."""
    for word, side in (("after", 1), ("between", 1), ("before", 0)):
        for row in rows:
            title = json.loads(row[2])
            if re.search(rf"\b{word}\s+(?:the\s+)?[\"“'‘]?{re.escape(title)}\b", request.prompt, re.I):
                return (row.end(), f"after “{title}”") if side else (row.start(), f"before “{title}”")
    last = rows[-1]
    if request.mentions("end|last|right"):
        return last.end(), "at the end"
    return last.start(), f"before “{json.loads(last[2])}”"
