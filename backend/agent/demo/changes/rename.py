import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.site import SITE, field, with_field
from backend.agent.demo.edits import edits
from backend.agent.demo.naming import clean_name, given_name
from backend.agent.demo.script import Say, Script, read

_TO = re.compile(
    r"\b(?:rename|name|title|call)\b.*?\b(?:to|as|into|it|this|app)\s+[\"“'‘]?([\w][\w &+.\-]{0,39}?)[\"”'’]?\s*[.!]?$",
    re.I,
)


def rename(request: Request) -> Script | None:
    """`rename it to Orbit`, `call it "Orbit"`, `change the name to Orbit`."""
    if not request.mentions(r"rename|call (?:it|this|the app)|name (?:it|this)|(?:the|its|app'?s?) (?:name|title)"):
        return None
    if request.mentions("columns?|headline|heading|pages?|cards?"):
        return None
    found = _TO.search(request.prompt.strip())
    name = (
        clean_name(request.quoted[-1])
        if request.quoted
        else given_name(request.prompt) or (clean_name(found[1]) if found else None)
    )
    return _script(request, name) if name else None


def _script(request: Request, name: str) -> Script:
    (site,) = yield Say("The name stands in one place. I'll look there.", read(SITE))
    old = field(site, "name")
    calls = edits(SITE, site, with_field(site, "name", name))
    if not calls:
        yield from stop(request, f"The app already is called {name}.")
        return
    yield from apply(
        request,
        f"**{old}** becomes **{name}**, in the header, the page's title and wherever the app speaks of itself.",
        calls,
        f"The app is now called {name}.",
    )
