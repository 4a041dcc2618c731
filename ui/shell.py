"""What the browser gets for `GET /`: Gradio's page with a real `<head>`.

Gradio injects its `head=` by script after load, which shows an unstyled page first, and its template names Gradio and remote images in
Open Graph tags. So the page is rewritten on its way out: our tags in, those out, with a splash until the parts are mounted.
"""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.assets import STATIC

STYLES = [
    f"css/{name}.css"
    for name in (
        *("tokens", "gradio", "controls", "layout", "drawer"),
        *("chat", "timeline", "evidence", "composer", "queue", "plan", "landing"),
        *("preview", "code", "changes", "logs", "account", "settings", "phone"),
    )
]
MODULES = [path.name for path in sorted(STATIC.glob("*.js")) if path.name != "main.js"]

SOCIAL_TAGS = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*')
MANIFEST = re.compile(r'<link rel="manifest"[^>]*>\s*')

# Runs before the first paint: the theme, which of the two layouts, and a place for parts that mount before the modules have loaded.
FIRST = """
(() => {
  let saved = null;
  try { saved = localStorage.getItem("codeflow.theme"); } catch {}
  const dark = saved ? saved === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const work = new URLSearchParams(location.search).has("p");
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.addEventListener("DOMContentLoaded", () => {
    document.body.classList.toggle("dark", dark);
    document.body.dataset.view = work ? "work" : "landing";
    document.body.dataset.pane = "chat";
  });
  const early = [];
  window.CodeFlow = { early, mount: (...call) => early.push(call), boot: (trigger) => (window.CodeFlow.trigger = trigger) };
})();
"""


class PageShell:
    """ASGI middleware that rewrites `GET /` and passes everything else through untouched."""

    def __init__(self, app: ASGIApp, assets: str) -> None:
        self.app = app
        self.head = head(assets).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        plain = {**scope, "headers": [h for h in scope["headers"] if h[0] != b"accept-encoding"]}
        start: Message = {}
        body = bytearray()

        async def rewrite(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await send_page(start, self.page(bytes(body)), send)

        await self.app(plain, receive, rewrite)

    def page(self, html: bytes) -> bytes:
        text = MANIFEST.sub("", SOCIAL_TAGS.sub("", html.decode()))
        return text.encode().replace(b'<meta charset="utf-8" />', b'<meta charset="utf-8" />' + self.head, 1)


async def send_page(start: Message, page: bytes, send: Send) -> None:
    headers = [h for h in start["headers"] if h[0] not in (b"content-length", b"cache-control")]
    headers += [
        (b"content-length", str(len(page)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": page})


def head(assets: str) -> str:
    """The page's own tags; the module comes before Gradio's, so `CodeFlow` exists when the parts mount."""
    return "".join(
        [
            "<title>CodeFlow</title>",
            '<meta name="description" content="Chat with agents, get real Next.js code running in a sandbox.">',
            '<meta name="color-scheme" content="light dark">',
            f'<link rel="icon" type="image/svg+xml" href="{assets}/favicon.svg">',
            f'<link rel="preload" href="{assets}/fonts/Geist-Variable.woff2" as="font" type="font/woff2" crossorigin>',
            *(f'<link rel="stylesheet" href="{assets}/{name}">' for name in STYLES),
            f"<script>{FIRST}</script>",
            *(f'<link rel="modulepreload" href="{assets}/{name}">' for name in MODULES),
            f'<script type="module" src="{assets}/main.js"></script>',
        ]
    )
