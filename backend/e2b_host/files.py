"""envd's `/files`: contents up and down, one or many, plain or gzipped."""

import base64
import hashlib
import mimetypes
import struct
import time
import zlib
from collections.abc import AsyncGenerator
from email.utils import formatdate
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive

from .channel import GuestError, answer
from .envd import Hangup, body_chunks
from .names import same_secret
from .replies import file_refusal, refusal
from .sandbox import Sandbox

CHUNK = 256 * 1024
GZIP = 31
"""zlib's window bits for a gzip stream."""
MAX_FILES = 100_000


async def handle(sandbox: Sandbox, request: Request, receive: Receive) -> Response:
    if request.method not in ("GET", "POST"):
        return refusal(405, "method not allowed")
    if problem := _problem(sandbox, request):
        return refusal(401, problem)
    try:
        return await (_download(sandbox, request) if request.method == "GET" else _upload(sandbox, request, receive))
    except GuestError as error:
        return file_refusal(error)
    except (zlib.error, MultiPartException) as error:
        return refusal(400, f"the body cannot be read: {error}")
    except Hangup:
        return refusal(499, "the client hung up")


def signed_by(sandbox: Sandbox, request: Request) -> bool:
    """Whether the request's signature was made with this sandbox's access token."""
    query = request.query_params
    return same_secret(query.get("signature", ""), _signature(sandbox, request))


def _problem(sandbox: Sandbox, request: Request) -> str | None:
    query = request.query_params
    if token := request.headers.get("x-access-token"):
        return None if same_secret(token, sandbox.token) else "access token present in header but does not match"
    if not query.get("signature"):
        return "missing signature query parameter"
    if not signed_by(sandbox, request):
        return "invalid signature"
    expires = query.get("signature_expiration")
    if expires is not None and (not expires.isdigit() or int(expires) < time.time()):
        return "signature is already expired"
    return None


def _signature(sandbox: Sandbox, request: Request) -> str:
    query = request.query_params
    operation = "read" if request.method == "GET" else "write"
    parts = [query.get("path", ""), operation, query.get("username", ""), sandbox.token]
    if (expires := query.get("signature_expiration")) is not None:
        parts.append(expires)
    digest = hashlib.sha256(":".join(parts).encode()).digest()
    return "v1_" + base64.b64encode(digest).rstrip(b"=").decode()


async def _upload(sandbox: Sandbox, request: Request, receive: Receive) -> Response:
    path, chunks = request.query_params.get("path"), body_chunks(receive)
    if request.headers.get("content-encoding") == "gzip":
        chunks = _gunzip(chunks)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await MultiPartParser(request.headers, chunks, max_files=MAX_FILES).parse()
        try:
            written = [
                await _write(sandbox, request, path or file.filename or "", _parts(file))
                for file in form.getlist("file")
                if isinstance(file, UploadFile)
            ]
        finally:
            await form.close()
        return JSONResponse(written)
    if not path:
        return refusal(400, "path query parameter is required for raw body upload")
    return JSONResponse([await _write(sandbox, request, path, chunks)])


async def _write(sandbox: Sandbox, request: Request, path: str, chunks: AsyncGenerator[bytes, None]) -> dict[str, Any]:
    metadata = {
        name.removeprefix("x-metadata-").lower(): value
        for name, value in request.headers.items()
        if name.startswith("x-metadata-")
    }
    user = request.query_params.get("username")
    reader, writer = await sandbox.channel.open({"op": "write", "path": path, "user": user, "metadata": metadata})
    try:
        try:
            async for chunk in chunks:
                if chunk:
                    writer.write(struct.pack("!I", len(chunk)) + chunk)
                    await writer.drain()
            writer.write(struct.pack("!I", 0))
        except ConnectionError:
            pass  # the guest refused in mid-upload: its reason is waiting to be read
        return await answer(reader)
    finally:
        writer.close()


async def _download(sandbox: Sandbox, request: Request) -> Response:
    query = request.query_params
    head = {"op": "read", "path": query.get("path", ""), "user": query.get("username")}
    reader, writer = await sandbox.channel.open(head)
    try:
        info = await answer(reader)
        name, size, mtime = str(info["name"]), int(info["size"]), float(info["mtime"])
    except (GuestError, KeyError, ValueError) as error:
        writer.close()
        raise (
            error if isinstance(error, GuestError) else GuestError("internal", "the sandbox's agent answered nonsense")
        ) from error
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "content-type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "vary": "Accept-Encoding",
        "last-modified": formatdate(mtime, usegmt=True),
    }
    if zipped:
        headers["content-encoding"] = "gzip"

    async def contents() -> AsyncGenerator[bytes, None]:
        packer = zlib.compressobj(6, zlib.DEFLATED, GZIP) if zipped else None
        try:
            while data := await reader.read(CHUNK):
                if packer:
                    data = packer.compress(data)
                if data:
                    yield data
            if packer:
                yield packer.flush()
        finally:
            writer.close()

    if not zipped and size:  # files of /proc say 0 and are not empty
        headers["content-length"] = str(size)
    return StreamingResponse(contents(), headers=headers)


async def _gunzip(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    unpacker = zlib.decompressobj(GZIP)
    async for chunk in chunks:
        while chunk:
            yield unpacker.decompress(chunk, CHUNK)
            chunk = unpacker.unconsumed_tail
    yield unpacker.flush()


async def _parts(file: UploadFile) -> AsyncGenerator[bytes, None]:
    while data := await file.read(CHUNK):
        yield data
