"""Compression of bodies on their way."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator

CHUNK = 256 * 1024
GZIP = 31
"""zlib's window bits for a gzip stream."""
LEVEL = 1
"""The way is short: more would cost time."""


class BadEncoding(Exception):
    """The body is not what its headers say."""


def accepted(header: str) -> str | None:
    """`gzip`, `identity` or, when the client takes neither, None."""
    weights: dict[str, float] = {}
    for item in header.lower().split(","):
        name, _, rest = item.partition(";")
        weights[name.strip()] = _weight(rest)
    if weights.get("gzip", weights.get("*", 0.0)) > 0 and weights.get("gzip") != 0.0:
        return "gzip"
    return "identity" if weights.get("identity", weights.get("*", 1.0)) > 0 else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


async def gunzip(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Raises `BadEncoding`, also when the stream ends too early."""
    unpacker = zlib.decompressobj(GZIP)
    try:
        async for chunk in chunks:
            while chunk:
                if unpacker.eof:  # a gzip file may have several members
                    unpacker = zlib.decompressobj(GZIP)
                yield unpacker.decompress(chunk, CHUNK)
                chunk = unpacker.unconsumed_tail or unpacker.unused_data
        yield unpacker.flush()
    except zlib.error as error:
        raise BadEncoding(f"the body is not gzip: {error}") from error
    if not unpacker.eof:
        raise BadEncoding("the body's gzip stream ends too early")


async def gzip(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    async for chunk in chunks:
        if data := packer.compress(chunk):
            yield data
    yield packer.flush()
