from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.snippets import snippet
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read, write

TOOLBAR = "components/kanban/toolbar.tsx"
BOARD = "components/kanban/board.tsx"
SELECT = "components/kanban/priority-filter.tsx"

_IN_TOOLBAR = (
    (
        'import { members } from "@/lib/kanban/data";\n',
        'import { members } from "@/lib/kanban/data";\nimport type { Priority } from "@/lib/kanban/types";\n',
    ),
    (
        'import { cn } from "@/lib/utils";\n',
        'import { cn } from "@/lib/utils";\nimport { PriorityFilter } from "./priority-filter";\n',
    ),
    (
        "export type Filters = { query: string; assignees: string[] };",
        'export type Filters = { query: string; assignees: string[]; priority: Priority | "all" };',
    ),
    ('= { query: "", assignees: [] };', '= { query: "", assignees: [], priority: "all" };'),
    (
        "      {active && (\n",
        "      <PriorityFilter value={filters.priority} onChange={(priority) => onChange({ ...filters, priority })} />\n      {active && (\n",
    ),
)
_IN_BOARD = (
    (
        "    if (filters.assignees.length > 0 && !filters.assignees.includes(card.assignee)) return false;\n",
        "    if (filters.assignees.length > 0 && !filters.assignees.includes(card.assignee)) return false;\n"
        '    if (filters.priority !== "all" && card.priority !== filters.priority) return false;\n',
    ),
    ("useState(noFilters)", "useState<Filters>(noFilters)"),
    (
        'import { noFilters, Toolbar } from "./toolbar";',
        'import { type Filters, noFilters, Toolbar } from "./toolbar";',
    ),
)


def priority_filter(request: Request) -> Script | None:
    """`add a filter by priority`."""
    if request.app.slug != "kanban" or not request.mentions("filter(?:s|ing)?|filter by|only show|show only"):
        return None
    return _script(request)


def _script(request: Request) -> Script:
    toolbar, board = yield Say(
        "The board filters by words and by person. I'll look at how, and add priority.", read(TOOLBAR, BOARD)
    )
    if "PriorityFilter" in toolbar:
        yield from stop("The board already filters by words, by person and by priority.")
        return
    if any(old not in text for text, pairs in ((toolbar, _IN_TOOLBAR), (board, _IN_BOARD)) for old, _ in pairs):
        yield from stop("The toolbar is not as I wrote it, so I can't add the filter to it safely. I changed nothing.")
        return
    calls = (
        write(SELECT, snippet("priority-filter.tsx")),
        *edits(TOOLBAR, toolbar, _replaced(toolbar, _IN_TOOLBAR)),
        *edits(BOARD, board, _replaced(board, _IN_BOARD)),
    )
    yield from apply(
        request,
        "I'll add a priority menu to the toolbar; it works together with the search and the people.",
        calls,
        "Cards can be filtered by priority, together with words and people.",
    )


def _replaced(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        text = text.replace(old, new, 1)
    return text
