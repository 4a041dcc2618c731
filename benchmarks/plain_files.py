"""The least a server can do with files over HTTP: a floor for ours. `python -m benchmarks.plain_files FOLDER`."""

import asyncio
import sys
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send


class PlainFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._folder / Path(scope["path"]).name
        content = b""
        if scope["method"] == "POST":
            while (event := await receive()).get("more_body"):
                content += event["body"]
            file.write_bytes(content + event["body"])
            content = b""
        else:
            content = file.read_bytes()
        headers = [(b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


async def serve(folder: Path) -> None:
    """Print the port once it listens."""
    config = uvicorn.Config(PlainFiles(folder), port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
