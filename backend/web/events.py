"""A project's journal as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

from backend.domain import NotFound, NotSignedIn, Unavailable, User
from backend.runs.service import Runs
from backend.runs.watching import Batch
from backend.web.answers import EventStream
from backend.web.streams import Streams, seconds_left

RETRY_MS = 1000

_written: WeakKeyDictionary[Batch, bytes] = WeakKeyDictionary()
"""Messages, each written once for all who get it."""


async def stream_project(
    runs: Runs,
    streams: Streams,
    user: User,
    project_id: str,
    after: int | None,
    frames_after: int,
    ends: float | None = None,
) -> EventStream:
    """From `after` on; without it, the whole view first. `ends`: when the session does, in seconds of the clock; the
    browser then connects again, and is asked anew who it is.

    Raises `NotFound` and `LimitReached` before anything is sent.
    """
    streams.require_room(user)
    first = b""
    if after is None:
        view = await runs.view(user, project_id)
        after = view.seq
        first = _message(f'{{"view":{view.model_dump_json()}}}', after)
    else:
        # Whether the project is the user's, while a status can still be sent.
        await runs.watching.require(user, project_id)

    async def messages() -> AsyncIterator[bytes]:
        with streams.counted(user), runs.watching.viewer(user, project_id, after, frames_after) as viewer:
            yield f"retry: {RETRY_MS}\n\n".encode() + first
            while (left := seconds_left(ends)) != 0:
                await runs.looking.at(user, project_id)
                try:
                    async with asyncio.timeout(left):
                        batch = await viewer.next()
                except NotFound:
                    yield b"event: gone\ndata: {}\n\n"
                    return
                except (TimeoutError, NotSignedIn, Unavailable):
                    # The browser connects again, and is answered with what is the matter.
                    return
                yield _written_once(batch)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(messages(), headers=headers)


def _written_once(batch: Batch) -> bytes:
    if not batch.size:
        return b": still here\n\n"
    written = _written.get(batch)
    if written is None:
        written = _written[batch] = _message(_json(batch), batch.seq)
    return written


def _message(data: str, seq: int) -> bytes:
    return f"id: {seq}\ndata: {data}\n\n".encode()


def _json(batch: Batch) -> str:
    entries = ",".join(entry.model_dump_json() for entry in batch.entries)
    frames = ",".join(f"[{position},{frame.model_dump_json()}]" for position, frame in batch.frames)
    return f'{{"entries":[{entries}],"frames":[{frames}]}}'
