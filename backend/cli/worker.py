"""Work on runs, without the page: beside a web process elsewhere, on the same store."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from prometheus_client import start_http_server
from rich.console import Console

from backend.config import Settings
from backend.domain import Unavailable
from backend.telemetry.metrics import REGISTRY
from backend.web.services import Services


async def work(settings: Settings) -> None:
    """Until interrupted; then unfinished runs go back to the queue. Raises `Unavailable` when it cannot work."""
    require_right(settings)
    console = Console(stderr=True, highlight=False)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    # Also where others are worked on by Modal.
    services = await Services.open(settings.model_copy(update={"dispatch_url": None}))
    stopping = asyncio.create_task(stop.wait())
    try:
        with console.status("Preparing the sandbox …") as status:
            while not (services.setup.ready or services.setup.error or stop.is_set()):
                changed = asyncio.create_task(services.setup.wait(1))
                await asyncio.wait({changed, stopping}, return_when=asyncio.FIRST_COMPLETED)
                status.update(services.setup.message)
        if services.setup.error:
            raise Unavailable(services.setup.error)
        if not stop.is_set():
            where = settings.supabase_url if settings.multi_user else settings.database
            console.print(f"Working on up to {settings.workers} runs at once, from {where}. Ctrl-C stops.")
        await stopping
    finally:
        stopping.cancel()
        await services.close()


@contextlib.contextmanager
def metrics_served(port: int | None) -> Iterator[int | None]:
    """This process' own metrics for Prometheus, to this machine alone, at the port yielded; 0 takes any free one, and
    None serves nothing. Raises `Unavailable` when it is taken.
    """
    if port is None:
        yield None
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=REGISTRY)
    except OSError as error:
        raise Unavailable(f"Metrics cannot be served at port {port}: {error.strerror}. Choose another.") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def require_right(settings: Settings) -> None:
    """Raises `Unavailable` when this process would only wait."""
    if settings.workers < 1:
        raise Unavailable("CODEFLOW_WORKERS is 0: this worker would do nothing. Set it to how many runs it works on.")
    if settings.multi_user and not settings.supabase_worker_token:
        raise Unavailable(
            "This process has no right to work on runs: SUPABASE_WORKER_TOKEN is missing. "
            "Make one with `codeflow worker-token --key FILE`, and set it."
        )
