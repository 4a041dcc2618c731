"""The web server: FastAPI's routes with the Gradio page mounted, on one port."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from backend.config import Settings
from backend.domain import Unavailable
from backend.telemetry import begin
from backend.web.api import create_api
from backend.web.services import Services
from ui.page import mount_page

log = logging.getLogger("codeflow")


def create_app(services: Services) -> FastAPI:
    return mount_page(create_api(services), services)


def claim_port(host: str, port: int) -> socket.socket:
    """A socket bound to the port, held until the server listens on it. Raises `Unavailable` when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} is in use, perhaps by another CodeFlow at http://localhost:{port}. "
                f"Stop that program, or choose another port: CODEFLOW_PORT={port + 1}"
            ) from None
        raise Unavailable(f"CodeFlow cannot listen on {host}:{port}: {error.strerror}.") from None
    return sock


async def serve_async(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted. `on_ready` gets the page's address once it answers."""
    sock = claim_port(settings.host, settings.port)
    services = await Services.open(settings)
    try:
        config = uvicorn.Config(
            create_app(services),
            log_level="warning",
            # As all other lines are written.
            log_config=None,
            proxy_headers=True,
            timeout_graceful_shutdown=2,
            ws="none",
        )
        server = uvicorn.Server(config)
        # uvicorn raises the signal again once it has shut down; the services must still be closed then.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
        task = asyncio.create_task(server.serve(sockets=[sock]))
        while not server.started and not task.done():
            await asyncio.sleep(0.02)
        if not task.done():
            shown = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host
            on_ready(f"http://{shown}:{sock.getsockname()[1]}")
        await task
    finally:
        await services.close()


def serve(settings: Settings | None = None, *, open_browser: bool = False) -> None:
    """Blocking. Exits with a plain message when the server cannot start."""

    def ready(url: str) -> None:
        print(f"CodeFlow is at {url}   (Ctrl-C stops it)", flush=True)
        if open_browser:
            webbrowser.open(url)

    try:
        settings = settings or Settings()
        begin(settings.log_format)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve_async(settings, ready))
    except Unavailable as error:
        raise SystemExit(error.message) from None
