"""Files that CodeFlow itself relies on: what to do instead of changing them."""

import re

from backend.agent.guards.naming import names_exactly

_PACKAGES = "Packages are added by add_packages, which keeps package.json and its lock in step."
_RULES: tuple[tuple[re.Pattern[str], str, bool], ...] = tuple(
    (re.compile(pattern), words, on_request)
    for pattern, words, on_request in (
        (r"(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)$", _PACKAGES, False),
        (r"\.npmrc$", "Where packages come from is CodeFlow's to say. " + _PACKAGES, False),
        (r"instrumentation-client\.[jt]sx?$", "It joins the preview to CodeFlow. Put client code into a component.", False),
        (r"\.codeflow(/|$)", "The folder `.codeflow` is CodeFlow's own. Keep files elsewhere in the project.", False),
        (
            r"next\.config\.\w+$",
            "It makes the preview work. Redirects can be pages or route handlers, headers can be set in a route handler.",
            True,
        ),
        (r"package\.json$", _PACKAGES + " A package that is no longer used does no harm.", True),
        (r"tsconfig\.json$", "The checks rely on it. Repair the code instead of what checks it.", True),
        (r"postcss\.config\.\w+$", "Tailwind v4 is set up there. Its theme is in app/globals.css.", True),
        (r"tailwind\.config\.\w+$", "Tailwind v4 needs none. Its theme is in app/globals.css.", True),
        (r"components\.json$", "It tells where the ui components are, which stay there.", True),
        (
            r"components/ui/[^/]+$",
            "The ready-made ui components stay as they are: pass `className` or a variant, or write a component of your own "
            "around one.",
            True,
        ),
    )
)  # fmt: skip


def protected(path: str, prompt: str) -> str | None:
    """Why the file may not be changed, and what to do instead; None when it may. Some may when the request names them."""
    for pattern, words, on_request in _RULES:
        if pattern.match(path):
            if on_request and names_exactly(prompt, path):
                return None
            return f"`{path}` is protected. {words}"
    return None
