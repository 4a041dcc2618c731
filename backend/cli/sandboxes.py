"""The embedded sandbox host alone, for any E2B SDK."""

import asyncio
import contextlib
import json
import signal

from rich.console import Console

from backend.config import Settings
from backend.workspace.embedded import EmbeddedHost


async def serve_host(settings: Settings, port: int, *, as_json: bool) -> None:
    """Provision, serve until interrupted. Prints one line with the API's address, the domain and the key."""
    console = Console(stderr=True, highlight=False)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    with console.status("Preparing the sandbox …") as status:
        host = await EmbeddedHost.start(
            settings, lambda message, _fraction: status.update(message), port=port, expose_api=True
        )
    try:
        if as_json:
            print(
                json.dumps({"api_url": host.api_url, "domain": host.domain, "api_key": host.api_key}),
                flush=True,
            )
        else:
            print(f"export E2B_API_URL={host.api_url} E2B_SANDBOX_URL={host.api_url}")
            print(f"export E2B_DOMAIN={host.domain} E2B_API_KEY={host.api_key}", flush=True)
            console.print(f"Sandboxes are served; template: {settings.e2b_template}. Ctrl-C stops them.")
        await stop.wait()
    finally:
        await host.stop()
