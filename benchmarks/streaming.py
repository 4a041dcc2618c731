"""`python -m benchmarks.streaming DIR`: the product's API in a process of its own, with one project under way.

Without DIR its floor: a server that does nothing but write the same bytes to every connection. Both write when they are
told on standard input, with the time in the news: `append` a fact, `frame` a piece of text. `cpu` is answered with the
CPU seconds of the process so far.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from backend.config import Settings
from backend.domain import RunKind
from backend.events import Delta, Frame, LogLines
from backend.store.sqlite import SqliteStore

Told = Callable[[str], Awaitable[None]]


def stamp() -> str:
    return f"at {time.time():.6f};"


@asynccontextmanager
async def product(folder: Path, sock: socket.socket) -> AsyncIterator[tuple[str, Told]]:
    """The address of the project's events, and who writes them."""
    import uvicorn

    from backend.web.api import create_api
    from backend.web.limits import RATES, Rate, RateLimits
    from backend.web.services import Services
    from backend.web.session import LOCAL_USER

    settings = Settings(CODEFLOW_DATA_DIR=folder, AI_PROVIDER="demo", CODEFLOW_WORKERS=0)  # pyright: ignore[reportCallIssue]
    store = await SqliteStore.open(settings.database)
    services = Services(settings, store)
    services.limits = RateLimits({**RATES, "events": Rate(1_000_000, 60)})
    await services.models()
    project = await store.create_project(LOCAL_USER, "Bench", {})
    await store.start_run(LOCAL_USER, project.id, "bench", RunKind.PROMPT, "bench")
    claimed = await store.claim_run("bench", 24 * 3600)
    assert claimed
    lease = claimed[2]
    count = 0

    async def told(what: str) -> None:
        nonlocal count
        if what == "append":
            await store.append(lease, [LogLines(source="dev", lines=[stamp()])])
            return
        step = f"model:{count // 100}"
        count += 1
        delta = Delta(part=0, kind="text", text=stamp())
        await store.write_frame(lease, Frame(run_id="bench", step=step, n=count, deltas=[delta]))
        if count % 100 == 0:
            # As when the step is over: without it, whoever comes gets all frames there ever were.
            await store.append(lease, [LogLines(source="dev", lines=["on"])], step=step)

    server = uvicorn.Server(uvicorn.Config(create_api(services), log_level="warning", ws="none", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"/api/projects/{project.id}/events", told
    server.should_exit = server.force_exit = True
    await serving
    await services.close()


@asynccontextmanager
async def bare(sock: socket.socket) -> AsyncIterator[tuple[str, Told]]:
    connections: set[asyncio.StreamWriter] = set()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        connections.add(writer)
        await reader.read()
        connections.discard(writer)
        writer.close()

    async def told(what: str) -> None:
        entry = {"type": "log.lines", "source": "dev", "lines": [stamp()], "padding": "-" * 100}
        message = f"id: 1\ndata: {json.dumps(entry)}\n\n".encode()
        for writer in connections:
            writer.write(b"%x\r\n%s\r\n" % (len(message), message))

    server = await asyncio.start_server(connected, sock=sock)
    yield "/", told
    server.close()


async def main(folder: Path | None) -> None:
    sock = socket.create_server(("127.0.0.1", 0), backlog=256)
    async with product(folder, sock) if folder else bare(sock) as (path, told):
        print(json.dumps({"port": sock.getsockname()[1], "path": path}), flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := (await lines.readline()).decode().strip():
            if line == "cpu":
                print(time.process_time(), flush=True)
            else:
                await told(line)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
