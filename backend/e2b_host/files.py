"""envd's `/files`: contents up and down, one or many, whole or in part, plain or gzipped."""

import asyncio
import contextlib
import mimetypes
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive

from .channel import NOT_FOUND, STREAM_LIMIT, GuestError, answer, line
from .encodings import CHUNK, BadEncoding, accepted, gunzip, gzip
from .envd import Hangup, body_chunks
from .multipart import BadForm, PartBegin, PartEnd, form_parts
from .ranges import Unsatisfiable, Version, part, unchanged
from .replies import file_refusal, refusal
from .sandbox import Sandbox
from .signing import file_problem

METADATA = "x-metadata-"
XATTR = "user.e2b."
MAX_KEY = 255 - len(XATTR)
"""The kernel's limit of an attribute's name."""
MAX_METADATA = 4096
"""Bytes of all metadata of a file, which live beside its inode."""
CALL_OFF_S = 5


async def handle(sandbox: Sandbox, request: Request, receive: Receive) -> Response:
    if request.method not in ("GET", "HEAD", "POST"):
        return refusal(405, "method not allowed")
    if problem := file_problem(sandbox, request):
        return refusal(401, problem)
    try:
        return await (_upload(sandbox, request, receive) if request.method == "POST" else _download(sandbox, request))
    except GuestError as error:
        return file_refusal(error)
    except (BadEncoding, BadForm) as error:
        return refusal(400, f"the body cannot be read: {error}")
    except Hangup:
        return refusal(499, "the client hung up")


async def _upload(sandbox: Sandbox, request: Request, receive: Receive) -> Response:
    path, chunks = request.query_params.get("path"), body_chunks(receive)
    metadata = _metadata(request)
    match request.headers.get("content-encoding", "identity").lower():
        case "gzip":
            chunks = gunzip(chunks)
        case "identity":
            pass
        case other:
            return refusal(400, f"unsupported Content-Encoding: {other}")
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return JSONResponse(await _write_parts(sandbox, request, path, metadata, chunks))
    if not path:
        return refusal(400, "path query parameter is required for raw body upload")
    upload = await Upload.begin(sandbox, request, path, metadata)
    async with upload:
        async for chunk in chunks:
            await upload.write(chunk)
        return JSONResponse([await upload.end()])


async def _write_parts(
    sandbox: Sandbox, request: Request, path: str | None, metadata: dict[str, str], chunks: AsyncIterator[bytes]
) -> list[dict[str, Any]]:
    """Each part named `file` goes where the query or its file name says, while the rest is still on its way."""
    written: list[dict[str, Any]] = []
    upload: Upload | None = None
    try:
        async for event in form_parts(request.headers.get("content-type", ""), chunks):
            match event:
                case PartBegin(name="file", filename=filename):
                    upload = await Upload.begin(sandbox, request, path or filename or "", metadata)
                case bytes() if upload:
                    await upload.write(event)
                case PartEnd() if upload:
                    written.append(await upload.end())
                    upload.close()
                    upload = None
    finally:
        if upload:
            await upload.call_off()
    return written


def _metadata(request: Request) -> dict[str, str]:
    """What the client wants stored with its files; of a header sent twice, the first counts."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        if name.startswith(METADATA):
            found.setdefault(name.removeprefix(METADATA), value)
    for key, value in found.items():
        if not key or not (key + value).isascii() or not (key + value).isprintable():
            raise GuestError("invalid_argument", "metadata must be printable ASCII")
        if len(key) > MAX_KEY:
            raise GuestError("invalid_argument", f"a metadata key is longer than {MAX_KEY} bytes")
    if sum(len(XATTR) + len(key) + len(value) for key, value in found.items()) > MAX_METADATA:
        raise GuestError("invalid_argument", f"a file's metadata is more than {MAX_METADATA} bytes")
    return found


class Upload:
    """One file on its way into the sandbox."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def begin(cls, sandbox: Sandbox, request: Request, path: str, metadata: dict[str, str]) -> "Upload":
        user = request.query_params.get("username")
        return cls(*await sandbox.channel.open({"op": "write", "path": path, "user": user, "metadata": metadata}))

    async def write(self, data: bytes) -> None:
        if not data:
            return
        self._writer.write(struct.pack("!I", len(data)) + data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise GuestError("unavailable", NOT_FOUND) from error

    async def end(self) -> dict[str, Any]:
        self._writer.write(struct.pack("!I", 0))
        return await answer(self._reader)

    async def call_off(self) -> None:
        """Returns when nothing is left of it."""
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            self._writer.write_eof()
            async with asyncio.timeout(CALL_OFF_S):
                await self._reader.read()
        self.close()

    def close(self) -> None:
        self._writer.close()

    async def __aenter__(self) -> "Upload":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind:
            await self.call_off()
        self.close()


async def _download(sandbox: Sandbox, request: Request) -> Response:
    headers = request.headers
    encoding = accepted(headers.get("accept-encoding", "identity"))
    if encoding is None:
        return refusal(406, "no acceptable encoding found, supported: [identity, gzip]")
    query = request.query_params
    partial = "range" in headers or request.method == "HEAD"
    head = {"op": "read", "path": query.get("path", ""), "user": query.get("username"), "choose": partial}
    reader, writer = await sandbox.channel.open(head, STREAM_LIMIT)
    try:
        name, version = await _opened(reader)
    except BaseException:
        writer.close()
        raise
    shown = {
        "accept-ranges": "bytes",
        "content-type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "etag": version.etag,
        "last-modified": version.modified,
        "vary": "Accept-Encoding",
    }
    if unchanged(headers, version):
        writer.close()
        return Response(status_code=304, headers=shown)
    try:
        chosen = part(headers, version)
    except Unsatisfiable:
        writer.close()
        return Response(status_code=416, headers={"content-range": f"bytes */{version.size}"})
    length = chosen.length if chosen else version.size
    if chosen:
        shown["content-range"] = f"bytes {chosen.start}-{chosen.start + length - 1}/{version.size}"
    if encoding == "gzip" and not chosen:
        shown["content-encoding"] = "gzip"
    elif length:  # files of /proc say 0 and are not empty
        shown["content-length"] = str(length)
    status = 206 if chosen else 200
    if request.method == "HEAD":
        writer.close()
        return Response(status_code=status, headers=shown)
    if partial:
        writer.write(line({"start": chosen.start, "length": length} if chosen else {}))
    contents = _read(reader, writer, length)
    if "content-encoding" in shown:
        contents = gzip(contents)
    if 0 < length <= CHUNK:
        return Response(b"".join([data async for data in contents]), status, shown)
    return StreamingResponse(contents, status, shown)


async def _opened(reader: StreamReader) -> tuple[str, Version]:
    try:
        info = await answer(reader)
        return str(info["name"]), Version(int(info["size"]), int(info["mtime_ns"]))
    except (KeyError, ValueError, TypeError) as error:
        raise GuestError("internal", "the sandbox's agent answered nonsense") from error


async def _read(reader: StreamReader, writer: StreamWriter, length: int) -> AsyncGenerator[bytes, None]:
    """What the sandbox sends; fewer bytes than `length` are an error, not the end: its machine may have ended."""
    left = length
    try:
        while data := await reader.read(CHUNK):
            left -= len(data)
            yield data
    except OSError as error:
        raise GuestError("unavailable", NOT_FOUND) from error
    finally:
        writer.close()
    if left > 0:
        raise GuestError("unavailable", NOT_FOUND)
