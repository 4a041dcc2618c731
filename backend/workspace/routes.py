"""Which routes an app's files make, by the App Router's file conventions."""

import re
from collections.abc import Iterable

_PAGE = re.compile(r"^(?:src/)?app/(?:(.*)/)?page\.(?:tsx|ts|jsx|js|mdx)$")
_SHELL = re.compile(r"^(?:src/)?app/(?:(.*)/)?(?:layout|template|loading|error|not-found)\.(?:tsx|ts|jsx|js)$")
_HANDLER = re.compile(r"^(?:src/)?app/(?:(.*)/)?route\.(?:ts|js)$")
_OLD_PAGE = re.compile(r"^(?:src/)?pages/(?!api/)(.*)\.(?:tsx|ts|jsx|js|mdx)$")


def page_routes(paths: Iterable[str]) -> list[str]:
    """Every page that can be opened without knowing a parameter: `["/", "/about"]`, shallow ones first."""
    routes = {route for path in paths if (route := _page_route(path)) is not None}
    return sorted(routes, key=lambda route: (route.count("/") if route != "/" else 0, route))


def page_patterns(paths: Iterable[str]) -> list[str]:
    """Every page, with its parameters as the files name them: `["/", "/items/[id]"]`."""
    found = {_pattern(match[1] or "") for path in paths if (match := _PAGE.match(path))}
    return sorted(found, key=lambda route: (route.count("/") if route != "/" else 0, route))


def handler_routes(paths: Iterable[str]) -> list[str]:
    """Every static route handler: `["/api/tasks"]`."""
    return sorted({route for path in paths if (found := _HANDLER.match(path)) and (route := _route(found[1] or ""))})


def page_files(paths: Iterable[str]) -> dict[str, str | None]:
    """Each page's file and its route; None for one that cannot be opened without knowing a parameter."""
    return {path: _page_route(path) for path in paths if _PAGE.match(path) or _OLD_PAGE.match(path)}


def shells_of(page: str, paths: Iterable[str]) -> list[str]:
    """The layouts, and what stands in for a page while it loads or fails, around a page's file."""
    return [path for path in paths if _SHELL.match(path) and page.startswith(path.rpartition("/")[0] + "/")]


def affected_routes(changed: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Pages worth compiling after these files changed: the pages themselves, or the first page below a layout."""
    pages = page_routes(paths)
    affected: list[str] = []
    for path in changed:
        if (route := _page_route(path)) is not None:
            affected.append(route)
        elif (shell := _SHELL.match(path)) and (base := _route(shell[1] or "")) is not None:
            prefix = base.rstrip("/") + "/"
            affected += [page for page in pages if page == base or page.startswith(prefix)][:1]
    return list(dict.fromkeys(affected))


def _page_route(path: str) -> str | None:
    if found := _PAGE.match(path):
        return _route(found[1] or "")
    if (found := _OLD_PAGE.match(path)) and not found[1].rsplit("/", 1)[-1].startswith("_") and found[1] != "404":
        return _route(re.sub(r"(^|/)index$", "", found[1]))
    return None


def _pattern(folder: str) -> str:
    parts = [part for part in folder.split("/") if part and not (part.startswith("(") and part.endswith(")"))]
    return "/" + "/".join(part for part in parts if not part.startswith("@"))


def _route(folder: str) -> str | None:
    """The URL of a folder under `app`; None when it has a parameter, is private, or is an interception."""
    parts = []
    for part in folder.split("/") if folder else []:
        if part.startswith(("[", "_", "(.", "@")):
            return None
        if not (part.startswith("(") and part.endswith(")")):
            parts.append(part)
    return "/" + "/".join(parts)
