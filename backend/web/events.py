"""A project's journal as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

from backend.domain import NotFound, User
from backend.runs.service import Batch, Runs
from backend.web.answers import EventStream
from backend.web.streams import Streams, seconds_left

BATCH_S = 0.06
"""News are gathered so long: a page cannot show more often than that anyway."""
RETRY_MS = 1000


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
    first = ""
    if after is None:
        view = await runs.view(user, project_id)
        after = view.seq
        first = _message(f'{{"view":{view.model_dump_json()}}}', after)
    batches = runs.watch(user, project_id, after, frames_after)
    # The first look finds out whether the project is the user's, while a status can still be sent.
    ahead = asyncio.ensure_future(anext(batches))
    await asyncio.wait({ahead}, timeout=BATCH_S)
    if ahead.done() and (error := ahead.exception()):
        raise error

    async def messages() -> AsyncIterator[str]:
        nonlocal ahead
        seq = after
        with streams.counted(user):
            yield f"retry: {RETRY_MS}\n\n{first}"
            try:
                while (left := seconds_left(ends)) != 0 and (await asyncio.wait({ahead}, timeout=left))[0]:
                    batch = ahead.result()
                    if batch.entries or batch.frames:
                        seq = batch.entries[-1].seq if batch.entries else seq
                        yield _message(_json(batch), seq)
                        await asyncio.sleep(BATCH_S)
                    else:
                        yield ": still here\n\n"
                    ahead = asyncio.ensure_future(anext(batches))
            except NotFound:
                yield "event: gone\ndata: {}\n\n"
            finally:
                ahead.cancel()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(messages(), headers=headers)


def _message(data: str, seq: int) -> str:
    return f"id: {seq}\ndata: {data}\n\n"


def _json(batch: Batch) -> str:
    entries = ",".join(entry.model_dump_json() for entry in batch.entries)
    frames = ",".join(f"[{position},{frame.model_dump_json()}]" for position, frame in batch.frames)
    return f'{{"entries":[{entries}],"frames":[{frames}]}}'
