import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.site import SITE, field, with_field
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

_TO = re.compile(
    r"\b(?:to(?:\s+(?:say|read|be))?|say|says|saying|read|reads|with|into|be|:)\s+(.{2,120}?)\s*[.]?$", re.I | re.S
)


def headline(request: Request) -> Script | None:
    """`change the headline to "Ship it"`."""
    if not request.mentions(
        "headline|heading|hero (?:text|title)|main title|page title|tagline|subtitle|subheading|sub-?headline"
    ):
        return None
    found = _TO.search(request.prompt.strip())
    text = request.quoted[-1] if request.quoted else found[1] if found else ""
    text = re.sub(r"\s+", " ", text).strip().strip("\"“”'‘’")
    part = "description" if request.mentions("tagline|subtitle|subheading|sub-?headline") else "headline"
    return _script(request, part, text) if text else None


def _script(request: Request, part: str, text: str) -> Script:
    (site,) = yield Say("I'll look where the page's words are kept.", read(SITE))
    label = "headline" if part == "headline" else "line under the headline"
    calls = edits(SITE, site, with_field(site, part, text))
    if not calls:
        yield from stop(request, f"The {label} already says “{text}”.")
        return
    old = field(site, part)
    yield from apply(
        request, f"I'll change the {label} from “{old}” to “{text}”.", calls, f"The {label} now reads “{text}”."
    )
