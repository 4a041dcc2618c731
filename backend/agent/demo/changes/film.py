import json
import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.wording import new_id, subject
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

DATA = "lib/streaming/data.ts"
_FEATURED = re.compile(r"^export const titles: Title\[\] = \[\n  \{\n(?:    .*\n)*?  \},\n", re.M)
_LOOKS = (
    ("waves", ("#04212b", "#0e7c86", "#bff3e6")),
    ("peaks", ("#0d1b3e", "#3d6cc9", "#d7f5ff")),
    ("city", ("#160a2c", "#7b2fd0", "#ff9ecb")),
    ("forest", ("#07170d", "#3b7d2b", "#f3e37c")),
    ("dunes", ("#2d0f14", "#c1464f", "#ffd9a8")),
    ("orbit", ("#0a0a23", "#3730a3", "#7ee8fa")),
)
_GENRES = {
    "Comedy": "comedy|funny|humou?r",
    "Documentary": "documentary|docu",
    "Thriller": "thriller|suspense|horror",
    "Science fiction": "sci-?fi|science fiction|space",
    "Romance": "romance|romantic|love",
    "Family": "family|kids|children|animation|animated",
    "Fantasy": "fantasy|magic",
    "Crime": "crime|detective",
}


def film(request: Request) -> Script | None:
    """`add a film "Northern Lights"`, `add a comedy series called "Two Left Feet"`."""
    if request.app.slug != "streaming" or not request.mentions("add|create|new|put"):
        return None
    name = subject(request, "film|movie|series|show|title|documentary")
    return _script(request, name) if name else None


def _script(request: Request, name: str) -> Script:
    (data,) = yield Say("I'll look at the catalogue.", read(DATA))
    first = _FEATURED.search(data)
    if not first:
        yield from stop(
            request, f"I couldn't find the catalogue in `{DATA}`: it is not as I wrote it. I changed nothing."
        )
        return
    if f"name: {json.dumps(name, ensure_ascii=False)}" in data:
        yield from stop(request, f"“{name}” already is in the catalogue.")
        return
    genre = next((g for g, words in _GENRES.items() if re.search(rf"\b(?:{words})\b", request.prompt, re.I)), "Drama")
    motif, colors = _LOOKS[sum(map(ord, name)) % len(_LOOKS)]
    series = request.mentions("series|show")
    entry = (
        "  {\n"
        f'    id: "{new_id(name, data)}",\n'
        f"    name: {json.dumps(name, ensure_ascii=False)},\n"
        "    year: 2026,\n"
        '    age: "12+",\n'
        f'    length: "{"1 season" if series else "1 h 48 min"}",\n'
        "    match: 96,\n"
        f'    genres: ["{genre}"],\n'
        '    description: "Just added. Its story is yours to tell.",\n'
        '    cast: ["To be announced"],\n'
        f'    colors: ["{colors[0]}", "{colors[1]}", "{colors[2]}"],\n'
        f'    motif: "{motif}",\n'
        "  },\n"
    )
    yield from apply(
        request,
        f"I'll add **{name}** as {genre.lower()}, with a poster of its own; the rows take it up by themselves.",
        edits(DATA, data, data[: first.end()] + entry + data[first.end() :]),
        f"“{name}” is in the catalogue: find it under Trending now and New this year.",
    )
