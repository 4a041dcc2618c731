import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.snippets import snippet
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read, write

TOGGLE = "components/theme-toggle.tsx"
_IMPORT = 'import { ThemeToggle } from "@/components/theme-toggle";\n'
_ACTIONS = re.compile(r"^([ ]*)<div className=\"ml-auto[^\n]*>\n", re.M)


def dark(request: Request) -> Script | None:
    """`add a dark mode toggle`, `let me switch to a light theme`."""
    asked = request.mentions("dark|night|light mode|light theme|theme (?:toggle|switch|switcher)")
    return _script(request) if asked else None


def _script(request: Request) -> Script:
    path = request.app.shell
    (shell,) = yield Say(
        "Both themes are there already; what is missing is a switch. I'll look at the header.", read(path)
    )
    if "<ThemeToggle" in shell:
        yield from stop(request, "The header already has a switch between light and dark.")
        return
    changed = with_toggle(shell)
    if changed is None:
        yield from stop(
            request,
            f"I couldn't find the place for the switch in `{path}`: its header is not as I wrote it. I changed nothing.",
        )
        return
    yield from apply(
        request,
        "I'll add a switch to the header. Its icons follow the theme by CSS alone, so server and browser agree.",
        (write(TOGGLE, snippet("theme-toggle.tsx")), *edits(path, shell, changed)),
        "The header has a switch between light and dark; the choice is remembered.",
    )


def with_toggle(shell: str) -> str | None:
    actions = _ACTIONS.search(shell)
    imports = list(re.finditer(r"^import .*?;\n", shell, re.M | re.S))
    if not actions or not imports:
        return None
    opened = shell[: actions.end()] + f"{actions[1]}  <ThemeToggle />\n" + shell[actions.end() :]
    own = next((m for m in imports if '"@/components/ui/' in m[0] or '"@/lib/' in m[0]), imports[-1])
    return opened[: own.start()] + _IMPORT + opened[own.start() :]
