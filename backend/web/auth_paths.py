"""Where a sign-in leads to: a page of ours, whatever a link says."""

from urllib.parse import quote

HOME = "/"
MAX_CHARS = 500
DOORS = ("/auth/", "/signin")
"""Leading back to these would go in circles."""


def local_path(wanted: str | None, origin: str | None = None) -> str:
    """`wanted` if it is a path on this site, with its query; else `/`. A whole address on `origin` counts as its path."""
    path = wanted or HOME
    if origin and path.startswith(f"{origin}/"):
        path = path.removeprefix(origin)
    # Browsers read a backslash as a slash, and leave out tabs and line ends wherever they stand.
    if len(path) > MAX_CHARS or not path.startswith("/") or "\\" in path or not path.isprintable() or " " in path:
        return HOME
    if path.startswith(("//", *DOORS)):
        return HOME
    return quote(path, safe="/?&=%#:@!$'()*+,;~-._[]")
