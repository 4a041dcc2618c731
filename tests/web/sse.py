"""A reader of server-sent events that remembers its place, as a browser does."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx


async def messages(
    http: httpx.AsyncClient, url: str, last_id: str | None = None, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[tuple[str, Any]]:
    """(id, data) of each message."""
    place = {"Last-Event-ID": last_id} if last_id else {}
    async with http.stream("GET", url, headers={**(headers or {}), **place}) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        at = ""
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                at = line[4:]
            elif line.startswith("data: "):
                yield at, json.loads(line[6:])
