"""One model's answer to one request: streamed, shown, and read to its end."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import ContentFilterError
from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    UserPromptPart,
)

from backend.agent.ahead import Ahead
from backend.agent.arguments import tidied, tidy
from backend.agent.candidate import Candidate
from backend.agent.cutting import kept
from backend.agent.faults import BrokenOff
from backend.agent.journal import Journal
from backend.agent.providers import request_settings
from backend.agent.roles import Role
from backend.agent.spending import Meter
from backend.events import Delta

_ENDS = ("FUNCTION_CALL",)
"""What servers of Gemini's wire say for an answer that ends with calls, in place of `STOP`."""


async def answer(
    journal: Journal,
    step: str,
    role: Role,
    candidate: Candidate,
    messages: Sequence[ModelMessage],
    ahead: Ahead,
    meter: Meter,
    silence_s: float,
) -> ModelResponse:
    """What the model says to `messages`: whole, or, with the finish reason `length`, as much as came whole.
    Raises what `fault_of` reads, and `BrokenOff` for an answer that is none.
    """
    model = await asyncio.to_thread(lambda: candidate.model)
    seen = messages if model.profile.get("supports_image_input", True) else _without_images(messages)
    settings = request_settings(candidate.provider, journal.run.project_id)
    tools: dict[int, str] = {}
    loop = asyncio.get_running_loop()
    try:
        async with (
            asyncio.timeout(silence_s) as silence,
            model_request_stream(
                model, seen, model_settings=settings, model_request_parameters=role.parameters
            ) as stream,
        ):
            try:
                async for event in stream:
                    silence.reschedule(loop.time() + silence_s)
                    if delta := _delta(event, tools):
                        meter.hear(delta.text)
                        await journal.stream(step, delta)
                    if isinstance(event, PartStartEvent) and isinstance(event.part, ToolCallPart):
                        ahead.hear(event.part.tool_name)
                    if isinstance(event, PartEndEvent) and (call := _whole_call(event, stream.get())):
                        await ahead.take(call)
            finally:
                meter.report(stream.usage)
    except TimeoutError as error:
        raise BrokenOff from error
    return await _read(stream.get(), candidate, ahead)


def _whole_call(ended: PartEndEvent, so_far: ModelResponse) -> ToolCallPart | None:
    """A call is known to be whole when another part follows, or the answer ends as it should."""
    if not isinstance(ended.part, ToolCallPart):
        return None
    ends_badly = so_far.finish_reason in ("length", "content_filter", "error")
    return tidy(ended.part) if ended.next_part_kind or not ends_badly else None


async def _read(response: ModelResponse, candidate: Candidate, ahead: Ahead) -> ModelResponse:
    parts = list(response.parts)
    match response.finish_reason:
        case "content_filter":
            raise ContentFilterError(_refusal(response))
        case "length":
            parts = kept(parts)
        case "error":
            raise BrokenOff
        case None if candidate.provider != "demo" and _raw_reason(response) not in _ENDS:
            # Every provider says why an answer ended; one that ends without a reason was cut, however politely.
            raise BrokenOff
    if not any(
        isinstance(part, ToolCallPart) or (isinstance(part, TextPart) and part.content.strip()) for part in parts
    ):
        raise BrokenOff
    whole = replace(response, parts=tidied(parts))
    await ahead.settle(whole.tool_calls)
    return whole


def _raw_reason(response: ModelResponse) -> object:
    return (response.provider_details or {}).get("finish_reason")


def _refusal(response: ModelResponse) -> str:
    details = response.provider_details or {}
    said = details.get("refusal") or details.get("block_reason_message") or ""
    return said if isinstance(said, str) else ""


def _delta(event: ModelResponseStreamEvent, tools: dict[int, str]) -> Delta | None:
    """What to show of a stream's event; `tools` remembers which part is whose call."""
    match event:
        case (
            PartStartEvent(index=part, part=TextPart(content=text))
            | PartDeltaEvent(index=part, delta=TextPartDelta(content_delta=text))
        ):
            return Delta(part=part, kind="text", text=text) if text else None
        case PartStartEvent(index=part, part=ThinkingPart(content=text)):
            return Delta(part=part, kind="thinking", text=text) if text else None
        case PartDeltaEvent(index=part, delta=ThinkingPartDelta(content_delta=text)):
            return Delta(part=part, kind="thinking", text=text) if text else None
        case PartStartEvent(index=part, part=ToolCallPart(tool_name=tool, args=args)):
            tools[part] = tool
            return Delta(part=part, kind="tool", tool=tool, text=_as_json(args))
        case PartDeltaEvent(index=part, delta=ToolCallPartDelta(args_delta=args)) if args:
            return Delta(part=part, kind="tool", tool=tools.get(part), text=_as_json(args))
        case _:
            return None


def _as_json(args: object) -> str:
    return args if isinstance(args, str) else json.dumps(args, ensure_ascii=False) if args else ""


def _without_images(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """For a model that reads text only: each image becomes a line that says there was one."""
    return [
        replace(message, parts=[_as_text(part) if isinstance(part, UserPromptPart) else part for part in message.parts])
        if isinstance(message, ModelRequest)
        else message
        for message in messages
    ]


def _as_text(part: UserPromptPart) -> UserPromptPart:
    if isinstance(part.content, str):
        return part
    pieces = [
        "(an image is attached, which this model cannot see)" if isinstance(c, BinaryContent) else str(c)
        for c in part.content
    ]
    return replace(part, content="\n".join(pieces))
