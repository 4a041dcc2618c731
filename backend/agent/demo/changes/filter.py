"""Filters that an app does not have yet, each as a set of replacements in the files it was built from."""

from dataclasses import dataclass, field

from backend.agent.demo.changes.request import Request, apply, replaced, stop
from backend.agent.demo.changes.snippets import snippet
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read, write

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Filter:
    what: str
    sign: str
    """A text that is in the first file once the filter is there."""
    changes: dict[str, Pairs]
    """path → what to replace by what."""
    new: dict[str, str] = field(default_factory=dict)
    """path → the snippet to write there."""


FILTERS = {
    "kanban": Filter(
        what="priority",
        sign="PriorityFilter",
        new={"components/kanban/priority-filter.tsx": "priority-filter.tsx"},
        changes={
            "components/kanban/toolbar.tsx": (
                (
                    'import { members } from "@/lib/kanban/data";\n',
                    'import { members } from "@/lib/kanban/data";\n'
                    'import type { Priority } from "@/lib/kanban/types";\n',
                ),
                (
                    'import { cn } from "@/lib/utils";\n',
                    'import { cn } from "@/lib/utils";\nimport { PriorityFilter } from "./priority-filter";\n',
                ),
                ("assignees: string[] };", 'assignees: string[]; priority: Priority | "all" };'),
                ("assignees: [] };", 'assignees: [], priority: "all" };'),
                (
                    "      {active && (\n",
                    "      <PriorityFilter\n"
                    "        value={filters.priority}\n"
                    "        onChange={(priority) => onChange({ ...filters, priority })}\n"
                    "      />\n"
                    "      {active && (\n",
                ),
            ),
            "components/kanban/board.tsx": (
                (
                    "!filters.assignees.includes(card.assignee)) return false;\n",
                    "!filters.assignees.includes(card.assignee)) return false;\n"
                    '    if (filters.priority !== "all" && card.priority !== filters.priority) return false;\n',
                ),
            ),
        },
    ),
    "expenses": Filter(
        what="payment method",
        sign='aria-label="Payment method"',
        changes={
            "components/expenses/tracker.tsx": (
                (
                    "type Expense, type ExpenseInput } from",
                    "type Expense, type ExpenseInput, methods } from",
                ),
                (
                    '  const [order, setOrder] = useState<Order>("newest");\n',
                    '  const [order, setOrder] = useState<Order>("newest");\n'
                    '  const [method, setMethod] = useState<Expense["method"] | "all">("all");\n',
                ),
                (
                    '    .filter((expense) => category === "all" || expense.category === category)\n',
                    '    .filter((expense) => category === "all" || expense.category === category)\n'
                    '    .filter((expense) => method === "all" || expense.method === method)\n',
                ),
                (
                    "          <Select value={order} onValueChange",
                    "          <Select value={method} onValueChange={(value) => setMethod(value as typeof method)}>\n"
                    '            <SelectTrigger aria-label="Payment method" className="flex-1 sm:w-36 sm:flex-none">\n'
                    "              <SelectValue />\n"
                    "            </SelectTrigger>\n"
                    "            <SelectContent>\n"
                    '              <SelectItem value="all">Paid any way</SelectItem>\n'
                    "              {methods.map((name) => (\n"
                    "                <SelectItem key={name} value={name}>\n"
                    "                  {name}\n"
                    "                </SelectItem>\n"
                    "              ))}\n"
                    "            </SelectContent>\n"
                    "          </Select>\n"
                    "          <Select value={order} onValueChange",
                ),
            ),
        },
    ),
    "dashboard": Filter(
        what="status",
        sign='aria-label="Filter by status"',
        changes={
            "components/dashboard/orders-table.tsx": (
                (
                    'import { Input } from "@/components/ui/input";\n',
                    'import { Input } from "@/components/ui/input";\n'
                    'import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from "@/components/ui/select";\n',
                ),
                (
                    "  const [largest, setLargest] = useState(false);\n",
                    "  const [largest, setLargest] = useState(false);\n"
                    '  const [status, setStatus] = useState<Status | "all">("all");\n',
                ),
                (
                    "  const visible = orders\n",
                    '  const visible = orders\n    .filter((order) => status === "all" || order.status === status)\n',
                ),
                (
                    '<div className="relative w-full sm:w-60">\n',
                    "<Select value={status} onValueChange={(value) => setStatus(value as typeof status)}>\n"
                    '          <SelectTrigger aria-label="Filter by status" className="w-full sm:w-36">\n'
                    "            <SelectValue />\n"
                    "          </SelectTrigger>\n"
                    "          <SelectContent>\n"
                    '            <SelectItem value="all">Any status</SelectItem>\n'
                    "            {Object.keys(statusStyles).map((name) => (\n"
                    "              <SelectItem key={name} value={name}>\n"
                    "                {name}\n"
                    "              </SelectItem>\n"
                    "            ))}\n"
                    "          </SelectContent>\n"
                    "        </Select>\n"
                    '        <div className="relative w-full sm:w-60">\n',
                ),
            ),
        },
    ),
}


def filters(request: Request) -> Script | None:
    """`add a priority filter`, `let me filter by payment method`."""
    plan = FILTERS.get(request.app.slug)
    return _script(request, plan) if plan and request.mentions(r"filter(?:s|ing|ed)?") else None


def _script(request: Request, plan: Filter) -> Script:
    paths = tuple(plan.changes)
    texts = yield Say(f"I'll see how the list is filtered now, and add {plan.what} to it.", read(*paths))
    if plan.sign in texts[0]:
        yield from stop(request, f"There already is a filter by {plan.what}.")
        return
    changed = [replaced(text, plan.changes[path]) for path, text in zip(paths, texts, strict=True)]
    calls = [write(path, snippet(file)) for path, file in plan.new.items()]
    for path, before, after in zip(paths, texts, changed, strict=True):
        if after is None:
            yield from stop(
                request, f"`{path}` is not as I wrote it, so I can't add the filter safely. I changed nothing."
            )
            return
        calls += edits(path, before, after)
    yield from apply(
        request,
        f"I'll add a menu for the {plan.what}; it works together with what is there.",
        calls,
        f"You can now filter by {plan.what}, together with the search.",
    )
