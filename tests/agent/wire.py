"""A small server that speaks OpenAI's and Gemini's streaming protocols, and fails as they do."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    status: int = 200
    events: Sequence[tuple[str, Any] | Any] = ()
    """What is streamed: data, a comment that begins with a colon, or (event name, data)."""
    body: Any = None
    """An answer that is not streamed."""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Drop the connection after the last event, in the middle of the response."""
    stall_s: float = 0
    """Say nothing for so long before the end."""
    deaf: bool = False
    """Not even begin to answer: the connection closes, or with `stall_s` stays silent."""


@dataclass
class Wire:
    """Answers each request with the next reply; the last one is repeated. `asked` keeps (path, headers, body)."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request, *lines = head.decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.asked.append((request.split()[1], headers, json.loads(body or b"null")))
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                await self._answer(writer, reply)
                if reply.cut or reply.deaf:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        if reply.deaf:
            await asyncio.sleep(reply.stall_s)
            return
        kind = "application/json" if reply.body is not None else "text/event-stream"
        lines = [f"HTTP/1.1 {reply.status} X", f"content-type: {kind}", "transfer-encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        pieces = [json.dumps(reply.body)] if reply.body is not None else [_sse(event) for event in reply.events]
        for piece in pieces:
            data = piece.encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)
        await asyncio.sleep(reply.stall_s)
        if not reply.cut:
            writer.write(b"0\r\n\r\n")
        await writer.drain()


def _sse(event: Any) -> str:
    if isinstance(event, str) and event.startswith(":"):
        return f"{event}\n\n"
    if isinstance(event, tuple):
        return f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"
    return f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n"


@asynccontextmanager
async def wire(*replies: Reply) -> AsyncIterator[Wire]:
    talk = Wire(replies=list(replies))
    server = await asyncio.start_server(talk.serve, "127.0.0.1", 0)
    talk.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield talk
    finally:
        server.close()


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """Of OpenAI's chat-completions stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def chat(
    text: str = "", calls: Sequence[tuple[str, str]] = (), *, whole: bool = True, finish: str = "", cached: int = 0
) -> Reply:
    """An answer in OpenAI's chat-completions stream; without `whole`, it breaks off."""
    events: list[Any] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": text[at : at + 4]}) for at in range(0, len(text), 4)]
    for place, (name, args) in enumerate(calls):
        start = {"index": place, "id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": ""}}
        events.append(chunk({"tool_calls": [start]}))
        for at in range(0, len(args), 8):
            events.append(chunk({"tool_calls": [{"index": place, "function": {"arguments": args[at : at + 8]}}]}))
    if not whole:
        return Reply(events=events, cut=True)
    usage: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    usage |= {"prompt_tokens_details": {"cached_tokens": cached}}
    end = chunk({}, finish or ("tool_calls" if calls else "stop"))
    return Reply(events=[*events, end, {**end, "choices": [], "usage": usage}, "[DONE]"])


def responses(
    text: str = "", calls: Sequence[tuple[str, str]] = (), *, whole: bool = True, finish: str = "", cached: int = 0
) -> Reply:
    """An answer in OpenAI's Responses stream; `finish` is the reason of one that is incomplete."""
    shell = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-6.1-sol", "status": "in_progress"}
    shell |= {"output": [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    events: list[tuple[str, dict[str, Any]]] = [("response.created", {"response": shell})]
    output: list[dict[str, Any]] = []
    if text:
        item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        part = {"type": "output_text", "text": "", "annotations": []}
        at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        events.append(("response.output_item.added", {"output_index": 0, "item": item}))
        events.append(("response.content_part.added", {**at, "part": part}))
        events += [
            ("response.output_text.delta", {**at, "delta": text[i : i + 4], "logprobs": []})
            for i in range(0, len(text), 4)
        ]
        done = {**item, "status": "completed", "content": [{**part, "text": text}]}
        events.append(("response.output_item.done", {"output_index": 0, "item": done}))
        output.append(done)
    for place, (name, args) in enumerate(calls, start=len(output)):
        item = {"id": f"fc_{place}", "type": "function_call", "call_id": f"call_{place}", "name": name, "arguments": ""}
        at = {"item_id": item["id"], "output_index": place}
        events.append(("response.output_item.added", {"output_index": place, "item": item}))
        events += [
            ("response.function_call_arguments.delta", {**at, "delta": args[i : i + 8]}) for i in range(0, len(args), 8)
        ]
        done = {**item, "arguments": args, "status": "completed"}
        events.append(("response.function_call_arguments.done", {**at, "name": name, "arguments": args}))
        events.append(("response.output_item.done", {"output_index": place, "item": done}))
        output.append(done)
    usage = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    usage |= {"input_tokens_details": {"cached_tokens": cached}, "output_tokens_details": {"reasoning_tokens": 0}}
    status = "incomplete" if finish else "completed"
    end = {**shell, "status": status, "output": output, "usage": usage}
    if finish:
        end["incomplete_details"] = {"reason": finish}
    if whole:
        events.append((f"response.{status}", {"response": end}))
    numbered = [(name, {"type": name, "sequence_number": n, **data}) for n, (name, data) in enumerate(events)]
    return Reply(events=numbered, cut=not whole)


def gemini(
    text: str = "",
    calls: Sequence[tuple[str, dict[str, Any]]] = (),
    *,
    whole: bool = True,
    finish: str = "STOP",
    cached: int = 0,
) -> Reply:
    """An answer in Gemini's streamGenerateContent stream."""

    def piece(parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        content = {"role": "model", "parts": parts}
        return {"candidates": [{"content": content, "index": 0, **more}], "modelVersion": "gemini-4-argon"}

    events = [piece([{"text": text[at : at + 4]}]) for at in range(0, len(text), 4)]
    events += [piece([{"functionCall": {"name": name, "args": args}}]) for name, args in calls]
    if not whole:
        return Reply(events=events, cut=True)
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100}
    usage |= {"cachedContentTokenCount": cached} if cached else {}
    return Reply(events=[*events, {**piece([{"text": ""}], finishReason=finish), "usageMetadata": usage}])


def refused(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error as OpenAI words it."""
    return Reply(status=status, body={"error": {"message": message, "type": "error", "code": code}}, headers=headers)
