"""Who may show a preview in a frame: CodeFlow's own page. The starter's `next.config.ts` says it to the browser."""

from urllib.parse import urlsplit

from backend.config import Settings

VARIABLE = "CODEFLOW_FRAME_ANCESTORS"
LOCAL = ("http://localhost:*", "http://127.0.0.1:*")
"""Any port: several processes on one machine share their sandboxes."""
HUB = "https://huggingface.co"
"""Shows a Space's page in a frame, and so everything in it."""


def framing(settings: Settings) -> dict[str, str]:
    """The variable for a sandbox's environment; none where nobody can tell by which addresses people come."""
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        ancestors = ("'self'", f"{parts.scheme}://{parts.netloc}", HUB, *LOCAL)
    elif settings.host in ("localhost", "::1") or settings.host.startswith("127."):
        ancestors = ("'self'", *LOCAL)
    else:
        return {}
    return {VARIABLE: " ".join(ancestors)}
