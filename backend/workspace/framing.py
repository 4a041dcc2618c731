"""Who may show a preview in a frame: CodeFlow's own page; and what else the starter's `next.config.ts` must know of it."""

from urllib.parse import urlsplit

from backend.config import Settings

VARIABLE = "CODEFLOW_FRAME_ANCESTORS"
DOMAIN_VARIABLE = "CODEFLOW_PREVIEW_DOMAIN"
"""Next.js serves its development assets and hot reload to pages of this domain too."""
LOCAL = ("http://localhost:*", "http://127.0.0.1:*")
"""Any port: several processes on one machine share their sandboxes."""
HUB = "https://huggingface.co"
"""Shows a Space's page in a frame, and so everything in it."""


def framing(settings: Settings) -> dict[str, str]:
    """The variables for a sandbox's environment; nothing of frames where nobody can tell by which addresses people come."""
    named = {DOMAIN_VARIABLE: urlsplit(settings.preview_domain).hostname or ""} if settings.preview_domain else {}
    return named | _ancestors(settings)


def _ancestors(settings: Settings) -> dict[str, str]:
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        ancestors = ("'self'", f"{parts.scheme}://{parts.netloc}", HUB, *LOCAL)
    elif settings.preview_domain:  # a page others come to, by a proxy whose name is not known
        return {}
    elif settings.host in ("localhost", "::1") or settings.host.startswith("127."):
        ancestors = ("'self'", *LOCAL)
    else:
        return {}
    return {VARIABLE: " ".join(ancestors)}
