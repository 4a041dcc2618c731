from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.colors import Accent, accent_in, with_accent
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

STYLES = "app/globals.css"
_WISH = r"colou?rs?|accent|theme|primary|brand|buttons?|(?:make|turn|paint|go|use|set|switch)\s+(?:it|this|that|everything|all|to|the app|for)"


def accent(request: Request) -> Script | None:
    """`make it emerald`, `use #ff0066 as the accent colour`."""
    color = accent_in(request.bare) or accent_in(request.prompt)
    verb = request.mentions(_WISH)
    return _script(request, color) if color and verb else None


def _script(request: Request, color: Accent) -> Script:
    (styles,) = yield Say("The accent lives in CSS variables. I'll look at them.", read(STYLES))
    calls = edits(STYLES, styles, with_accent(styles, color))
    if not calls:
        yield from stop(request, f"The accent already is {color.label}, so there is nothing to change.")
        return
    yield from apply(
        request,
        f"I'll set the accent to **{color.label}** in both themes, with a text colour on it that stays readable.",
        calls,
        f"The accent colour is now {color.label}, in light and dark.",
    )
