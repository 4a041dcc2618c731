"""A zip written while it is sent: in memory is only the file being packed."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

SENT_AT_ONCE = 256_000


class ZipStream:
    """`add` files, and send what each call yields; then what `end` yields."""

    def __init__(self) -> None:
        self._out = _Pipe()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self._at = datetime.now(UTC).timetuple()[:6]

    async def add(self, name: str, body: bytes) -> AsyncIterator[bytes]:
        async def whole() -> AsyncIterator[bytes]:
            yield body

        async for piece in self.add_pieces(name, whole()):
            yield piece

    async def add_pieces(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A file whose length is not known before its end."""
        info = zipfile.ZipInfo(name, self._at)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
                if self._out.waiting > SENT_AT_ONCE:
                    yield self._out.take()
        yield self._out.take()

    def end(self) -> bytes:
        self._zip.close()
        return self._out.take()


class _Pipe(io.RawIOBase):
    """What was written since it was last taken. It cannot seek, so `zipfile` writes each byte once."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece) -> int:
        self._written += piece
        return len(piece)

    @property
    def waiting(self) -> int:
        return len(self._written)

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken
