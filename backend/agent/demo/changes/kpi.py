import re
from dataclasses import dataclass

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

KPIS = "lib/dashboard/kpis.ts"
_END = re.compile(r"^export const kpis: Kpi\[\] = \[\n(?:  .*\n)*?\];", re.M)


@dataclass(frozen=True)
class Figure:
    id: str
    label: str
    words: str
    unit: str
    of: str


FIGURES = (
    Figure(
        "order-value",
        "Average order",
        "average order|order value|aov|basket",
        "money",
        'sum(days, "revenue") / sum(days, "orders")',
    ),
    Figure("refunds", "Refunds", "refund(?:s|ed)?|returns?", "money", 'sum(days, "refunds")'),
    Figure("net", "Net revenue", "net|after refunds", "money", 'sum(days, "revenue") - sum(days, "refunds")'),
    Figure(
        "per-visitor",
        "Revenue a visitor",
        "per visitor|a visitor|rpv",
        "money",
        'sum(days, "revenue") / sum(days, "visitors")',
    ),
    Figure("orders-a-day", "Orders a day", "per day|a day|daily orders", "number", 'sum(days, "orders") / days.length'),
    Figure(
        "best-day", "Best day", "best day|peak|maximum|highest", "money", "Math.max(...days.map((day) => day.revenue))"
    ),
)


def kpi(request: Request) -> Script | None:
    """`add a KPI for average order value`."""
    if request.app.slug != "dashboard" or not request.mentions("add|show|include|new|another"):
        return None
    if not request.mentions("kpis?|metrics?|key figures?|figures?|stats?|tiles?|cards?|numbers?"):
        return None
    figure = next((f for f in FIGURES if re.search(rf"\b(?:{f.words})\b", request.prompt, re.I)), None)
    if figure is None:
        names = ", ".join(f.label.lower() for f in FIGURES)
        return stop(
            request, f"The data of this dashboard holds no such figure. From what it has I can add: {names}. Which one?"
        )
    return _script(request, figure)


def _script(request: Request, figure: Figure) -> Script:
    (source,) = yield Say("Every key figure is a line with its own formula. I'll look at them.", read(KPIS))
    if f'id: "{figure.id}"' in source:
        yield from stop(request, f"{figure.label} already is among the key figures.")
        return
    block = _END.search(source)
    if not block:
        yield from stop(
            request, f"I couldn't find the key figures in `{KPIS}`: it is not as I wrote it. I changed nothing."
        )
        return
    at = block.end() - len("];")
    line = f'  {{ id: "{figure.id}", label: "{figure.label}", unit: "{figure.unit}", of: (days) => {figure.of} }},\n'
    yield from apply(
        request,
        f"I'll add **{figure.label}**, computed from the same days as the others, with its own sparkline and change.",
        edits(KPIS, source, source[:at] + line + source[at:]),
        f"{figure.label} is among the key figures, for every range.",
    )
