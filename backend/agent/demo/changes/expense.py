import json
import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.wording import new_id, subject
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

DATA = "lib/expenses/data.ts"
_LIST = re.compile(r"^const samples: .*= \[\n", re.M)
_AMOUNT = re.compile(r"[$€£]?\s?(\d{1,5}(?:[.,]\d{1,2})?)\s?(?:[$€£]|dollars?|euros?|usd|eur)?\s*[.!]?(?=\s|$)", re.I)
_CATEGORIES = {
    "housing": "rent|mortgage|electricity|water|internet|furniture|housing|insurance",
    "transport": "bus|train|taxi|uber|fuel|petrol|gas|flight|metro|bike|parking|transport|car",
    "fun": "cinema|concert|movie|game|book|party|trip|museum|leisure|fun|ticket|streaming",
    "health": "doctor|dentist|pharmacy|gym|medicine|health|therapy",
    "shopping": "shoes|shirt|coat|clothes|jacket|phone|laptop|shopping|gift|lamp",
}


def expense(request: Request) -> Script | None:
    """`add an expense "Coffee" 4.50`, `add 12.90 for lunch`."""
    if request.app.slug != "expenses" or not request.mentions("add|log|record|new|spent|paid"):
        return None
    amounts = list(_AMOUNT.finditer(request.bare)) or list(_AMOUNT.finditer(request.prompt))
    title = subject(request, "expense|purchase|payment|cost|spent|paid|for")
    if not title or not amounts:
        return None
    value = amounts[-1][1].replace(",", ".")
    if not request.quoted:
        title = re.sub(r"\s+", " ", title.replace(amounts[-1][0].strip(), " "))
        title = re.sub(r"^(?:\s*\b(?:of|for|on|at)\b)+\s*|\s+(?:for|of|at|costing|worth)?\s*$", "", title, flags=re.I)
    return _script(request, title[:1].upper() + title[1:], float(value)) if title.strip() else None


def _script(request: Request, title: str, amount: float) -> Script:
    (data,) = yield Say("I'll look at the expenses there are.", read(DATA))
    start = _LIST.search(data)
    if not start:
        yield from stop(
            request, f"I couldn't find the list of expenses in `{DATA}`: it is not as I wrote it. I changed nothing."
        )
        return
    words = f"{title} {request.bare}"
    category = next((id for id, known in _CATEGORIES.items() if re.search(rf"\b(?:{known})s?\b", words, re.I)), "food")
    name = json.dumps(title, ensure_ascii=False)
    entry = (
        f'  {{ id: "{new_id(title, data)}", daysAgo: 0, title: {name}, amount: {amount:g}, '
        f'category: "{category}", method: "Card" }},\n'
    )
    yield from apply(
        request,
        f"I'll add **{title}** for ${amount:.2f}, dated today, under {category}.",
        edits(DATA, data, data[: start.end()] + entry + data[start.end() :]),
        f"“{title}” for ${amount:.2f} is among today's expenses, and counts towards its budget.",
    )
