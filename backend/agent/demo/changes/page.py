import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.site import SITE, with_link
from backend.agent.demo.changes.snippets import snippet
from backend.agent.demo.edits import edits
from backend.agent.demo.naming import clean_name
from backend.agent.demo.script import Say, Script, read, write

_WISH = re.compile(
    r"\b(?:add|create|make|build|new|want|need)\b.*?\b(?:an?|the|another|new)?\s*[\"“'‘]?([\w][\w &\-]{1,30}?)[\"”'’]?\s+(?:page|screen|route)\b",
    re.I,
)
_CALLED = re.compile(r"\b(?:page|screen|route)\s+(?:called|named|for|about)\s+[\"“'‘]?([\w][\w &\-]{1,30})", re.I)
_FILLER = re.compile(r"^(?:(?:me|us|please|an?|the|new|another|simple|small|extra|separate|nice)\s+)+", re.I)
FORM = "components/settings-form.tsx"


def page(request: Request) -> Script | None:
    """`add an about page`, `add a page called "Team"`."""
    found = _CALLED.search(request.prompt) or _WISH.search(request.prompt)
    if not found or not request.mentions("add|create|make|build|new|want|need"):
        return None
    name = clean_name(_FILLER.sub("", found[1]))
    return _script(request, name[:1].upper() + name[1:]) if name else None


def _script(request: Request, title: str) -> Script:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "page"
    (site,) = yield Say("I'll look at the navigation first, so that the new page can be reached.", read(SITE))
    if f'"/{slug}"' in site:
        yield from stop(request, f"There already is a page at `/{slug}`.")
        return
    component = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", title))
    component = component if component[:1].isalpha() else f"Page{component}"
    kind = "about" if slug.startswith("about") else "settings" if "setting" in slug or "preference" in slug else "plain"
    new = write(
        f"app/{slug}/page.tsx", snippet(f"{kind}-page.tsx", app=request.app.slug, title=title, component=component)
    )
    form = (write(FORM, snippet("settings-form.tsx")),) if kind == "settings" else ()
    yield from apply(
        request,
        f"I'll add **{title}** at `/{slug}` in the app's own frame, and link it in the navigation.",
        (*form, new, *edits(SITE, site, with_link(site, title, f"/{slug}"))),
        f"There is a new {title} page at /{slug}, linked in the navigation.",
    )
