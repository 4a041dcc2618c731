"""What a share's page says of its version, and what it says when there is none to show."""

from typing import Any
from urllib.parse import quote

from backend.domain import CodeFlowError, LimitReached, NotFound, SharedVersion, ShareState

UNTITLED = "Untitled app"


def shared_values(version: SharedVersion, token: str, base: str) -> dict[str, Any]:
    """For `share.html`. `base` is the site's address, without a slash at its end."""
    path = f"/s/{quote(token, safe='')}"
    title = version.title.strip() or UNTITLED
    return {
        "title": title,
        "description": f"A Next.js app of {files(version)}, running live. Made by chatting with agents in CodeFlow.",
        "files": files(version),
        "prompts": version.prompts,
        "awake": version.state == ShareState.READY,
        "number": version.version_number,
        "created": version.created_at.date().isoformat(),
        "date": f"{version.created_at.day} {version.created_at:%b %Y}",
        "url": base + path,
        "picture": f"{path}/picture.jpg" if version.screenshot else None,
        "picture_url": f"{base}{path}/picture.jpg" if version.screenshot else None,
        "data": {"token": token, "state": version.state, "preview_url": version.preview_url},
    }


def files(version: SharedVersion) -> str:
    return f"{version.files} file" if version.files == 1 else f"{version.files} files"


def refusal(error: CodeFlowError) -> tuple[int, str, str]:
    """(status, heading, message) of the page instead."""
    if isinstance(error, NotFound):
        return 404, "This link leads nowhere", "Its owner may have taken it back, or part of the address is missing."
    if isinstance(error, LimitReached):
        return 429, "Too many visits at once", error.message
    return 503, "CodeFlow cannot open this right now", error.message
