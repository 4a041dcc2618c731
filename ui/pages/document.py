"""HTML documents from `templates/`: everything put into them is escaped, and the browser is told to run our scripts only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from backend.config import Settings
from backend.web.security import preview_sources

READ = ["GET", "HEAD"]
NOBODY = "'none'"
OUR_FRAMES = "'self' https://huggingface.co"
"""A Space's page is shown in a frame of the hub's."""

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Documents:
    """Renders templates; `assets` is the path the scripts and styles are served under."""

    def __init__(self, assets: str, settings: Settings) -> None:
        self._assets = assets
        self._previews = " ".join(preview_sources(settings))

    def page(
        self, template: str, values: Mapping[str, Any], *, ancestors: str, previews: bool = False, status: int = 200
    ) -> HTMLResponse:
        """`ancestors`: who may show the page in a frame. `previews`: whether it shows a running app in one itself."""
        html = TEMPLATES.get_template(template).render(assets=self._assets, **values)
        headers = {
            "Content-Security-Policy": content_policy(ancestors, self._previews if previews else NOBODY),
            "Cache-Control": "no-store",
            # Addresses of these pages carry tokens. `no-referrer` would also empty the Origin that our routes ask for.
            "Referrer-Policy": "same-origin",
            "X-Robots-Tag": "noindex",
        }
        return HTMLResponse(html, status, headers)


def content_policy(ancestors: str, frames: str) -> str:
    """Stricter than the Gradio page's: nothing inline, nothing evaluated."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            f"frame-src {frames}",
            f"frame-ancestors {ancestors}",
            "form-action 'self'",
            "base-uri 'none'",
        )
    )
