"""The host as a whole: put together, served, and taken down."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import uvicorn

from .application import application
from .cgroups import Cgroups
from .control import Control
from .edge import edge
from .egress import Egress
from .exposure import Exposure
from .guard import Guard
from .identities import Identities
from .keeper import Keep, Keeper
from .layout import Layout
from .limits import Limits
from .machine import Backend
from .metrics import Meter
from .pool import Pool
from .previews import Previews
from .pulse import Pulse
from .routing import Router
from .sandboxes import Sandboxes
from .templates import Template

log = logging.getLogger(__name__)

KEEP_ALIVE_S = 300
STDIN = 0
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"


@dataclass(frozen=True)
class Options:
    port: int
    """0 takes any free one."""
    api_key: str
    domain: str | None = None
    """What `get_host` ends with; missing: `localhost:<port>`."""
    bind: str = LOOPBACK
    expose_api: bool = False
    """Whether other machines may use the control plane and envd too, with the key; else they see previews only."""
    templates: Mapping[str, Template] = field(default_factory=dict)
    pool: Mapping[str, int] = field(default_factory=dict)
    pool_delay_s: float = 10.0
    egress: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    max_sandboxes: int = 20
    keep: Keep = field(default_factory=Keep)
    until_stdin_eof: bool = False


@dataclass(frozen=True)
class Address:
    api_url: str
    domain: str


class PortTaken(Exception):
    """The port cannot be had; the operator acts."""


async def serve(
    options: Options,
    layout: Layout,
    backend: Backend,
    identities: Identities | None,
    cgroups: Cgroups | None,
    announce: Callable[[Address], None],
) -> None:
    """Serve until SIGTERM, SIGINT or the end of stdin; then no sandbox runs, and those clients have are on disk."""
    listener = _listen(options)
    port = listener.getsockname()[1]
    address = Address(
        f"http://{LOOPBACK if options.bind == EVERYWHERE else options.bind}:{port}",
        options.domain or f"localhost:{port}",
    )
    egress = Egress(layout, options.egress) if options.egress else None
    sandboxes = Sandboxes(
        layout=layout,
        backend=backend,
        templates=options.templates,
        limits=options.limits,
        egress=egress,
        identities=identities,
        max_count=options.max_sandboxes,
    )
    exposure = Exposure(address.domain, options.bind, options.expose_api)
    sandboxes.restore()
    meter = Meter(options.limits)
    router = Router(sandboxes)
    control = Control(sandboxes, meter, api_key=options.api_key, domain=address.domain, limits=options.limits)
    server = _Server(
        uvicorn.Config(
            application(control, router),
            http=edge(Previews(router, exposure), exposure),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        ),
        lambda: announce(address),
    )
    _stop_on_signals(server)
    if options.until_stdin_eof:
        _stop_at_eof(server)
    background = [
        asyncio.create_task(Guard(sandboxes, meter, options.limits, layout.sandboxes, cgroups).run(), name="guard"),
        asyncio.create_task(Pool(sandboxes, options.pool, options.pool_delay_s).run(), name="pool"),
        asyncio.create_task(Keeper(sandboxes, options.keep).run(), name="keeper"),
        asyncio.create_task(Pulse(sandboxes).run(), name="pulse"),
    ]
    for task in background:
        task.add_done_callback(partial(_stop_on_failure, server))
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await sandboxes.leave()
        layout.clear()
        if cgroups:
            cgroups.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `serve`, which cleans up after the server."""
        yield


def _stop_on_failure(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    """A host without its guard keeps none of its promises: it ends rather than go on."""
    if not task.cancelled() and (error := task.exception()):
        log.error("the %s failed, so the host ends", task.get_name(), exc_info=error)
        _stop(server)


def _listen(options: Options) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.bind, options.port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"port {options.port} cannot be used: {error.strerror}. Choose another with --port, or 0 for any."
        ) from error
    return listener


def _stop_on_signals(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, server)


def _stop_at_eof(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(STDIN, 4096):
                continue
        with contextlib.suppress(RuntimeError):  # the loop is closed: the host ended for another reason
            loop.call_soon_threadsafe(_stop, server)

    threading.Thread(target=wait, daemon=True).start()


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True
