"""Runs inside a sandbox: a web server that behaves as its paths say, some of them badly. Standard library only."""

import asyncio
import base64
import hashlib
import json

connections = left = 0


async def head_of(reader):
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    return lines[0], fields


async def body_of(reader, fields):
    """Its size."""
    if fields.get("transfer-encoding") == "chunked":
        total = 0
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
            total += size
        await reader.readline()
        return total
    left = total = int(fields.get("content-length", 0))
    while left:
        left -= len(await reader.read(min(left, 65536)))
    return total


def answer(writer, body, status="200 OK", more=""):
    writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body)


async def websocket(reader, writer, fields):
    digest = hashlib.sha1(fields["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    accept = base64.b64encode(digest).decode()
    writer.write(
        f"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n".encode()
    )
    while True:
        size = (await reader.readexactly(2))[1] & 127
        mask, data = await reader.readexactly(4), await reader.readexactly(size)
        said = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        writer.write(bytes([0x81, size]) + said.upper())


async def one(reader, writer):
    """Answer a request; whether it was the connection's last."""
    global left
    line, fields = await head_of(reader)
    path, _, query = line.split(" ")[1].partition("?")
    if "upgrade" in fields:
        await websocket(reader, writer, fields)
    if fields.get("expect") == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if path == "/refuse":
        answer(writer, b"too much", "413 Too Large", "connection: close\r\n")
        await reader.read(1000)
        return True
    if path == "/never":
        await asyncio.sleep(3600)
    size = await body_of(reader, fields)
    if path == "/wait":
        await reader.read()
        left += 1
        return True
    if path == "/said":
        answer(
            writer,
            json.dumps(
                {"line": line, "fields": fields, "body": size, "connections": connections, "left": left}
            ).encode(),
        )
    elif path == "/page":
        answer(writer, b"<h1>the app</h1>", more="content-type: text/html\r\n")
    elif path == "/events":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for i in range(int(query)):
            writer.write(f"9\r\ndata: {i}\n\n\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.2)
        writer.write(b"0\r\n\r\n")
    elif path == "/bytes":
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {query}\r\n\r\n".encode())
        for _ in range(int(query) // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
    elif path == "/old":
        writer.write(b"HTTP/1.0 200 OK\n\nuntil the end")
    elif path == "/garbage":
        writer.write(b"\x16\x03\x01 nonsense\r\n\r\n" * 10)
    elif path == "/two-lengths":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
    elif path == "/endless":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"y" * 1000 + b"\r\n")
            await writer.drain()
    elif path == "/loop":
        answer(writer, b"", "302 Found", "location: /loop\r\n")
    elif path == "/extra":
        answer(writer, b"ok")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")
    await writer.drain()
    return path in ("/old", "/garbage", "/close")


async def serve(reader, writer):
    global connections
    connections += 1
    try:
        while not await one(reader, writer):
            continue
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", 4000, backlog=300) as server:
        await server.serve_forever()


asyncio.run(main())
