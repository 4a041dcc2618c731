"""Ask a model and stream its answer; when it fails, ask again or ask the next one.

A rate limit or an outage is met in the same way before the first word and in the middle of an answer: what came so
far is discarded, the journal says so, and another attempt begins. Only whole answers are ever acted on.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelMessagesTypeAdapter,
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
from pydantic_ai.models import ModelRequestParameters, StreamedResponse

from backend.agent.ahead import Ahead
from backend.agent.cost import cost_micros
from backend.agent.faults import FAULTS, BrokenOff, Fault, fault_of
from backend.agent.journal import Journal
from backend.agent.models import Candidate, Models, Patience
from backend.agent.spending import spent
from backend.agent.stops import ModelFailed
from backend.agent.tools import CATALOGUE
from backend.agent.tracing import traced
from backend.events import Delta, ModelFinished, ModelRestarted, StepStarted

_PARAMETERS = ModelRequestParameters(
    function_tools=[tool.definition() for tool in CATALOGUE.values()], allow_text_output=True
)


@traced
async def ask(
    journal: Journal, step: str, models: Models, messages: Sequence[ModelMessage], ahead: Ahead
) -> ModelFinished:
    """The coder's answer to `messages`, streamed under `step` and journaled; `ahead` hears of its calls as they come.
    Raises `ModelFailed` when none of the models answers.
    """
    if not models.coder:
        raise ModelFailed(
            models.info.problem, "Set what is missing and restart CodeFlow; `codeflow doctor` shows what is in force."
        )
    await journal.append(StepStarted(step=step, kind="model"))
    begun = time.monotonic()
    candidate, response = await _first_whole_answer(journal, step, models, messages, ahead)
    finished = ModelFinished(
        step=step,
        model=candidate.name,
        message=ModelMessagesTypeAdapter.dump_python([response], mode="json")[0],
        text=response.text or "",
        thinking=response.thinking or "",
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        cost_micros=cost_micros(candidate.provider, candidate.name, response.usage, candidate.unlisted),
        duration_ms=round((time.monotonic() - begun) * 1000),
    )
    await journal.append(finished, step=step)
    return finished


async def _first_whole_answer(
    journal: Journal, step: str, models: Models, messages: Sequence[ModelMessage], ahead: Ahead
) -> tuple[Candidate, ModelResponse]:
    """Round after round through the models that may still answer, at once to the next one, with a pause between
    rounds.
    """
    able = list(models.coder)
    fault: Fault | None = None
    for number in range(models.patience.rounds):
        for place, candidate in enumerate(tuple(able)):
            if fault:
                reason = f"{fault.reason} Asking {candidate.name}{' again' if number else ''}."
                await journal.append(ModelRestarted(step=step, model=candidate.name, reason=reason))
                if place == 0:
                    await asyncio.sleep(_pause_s(models.patience, number, fault))
            ahead.begin()
            try:
                return candidate, await _answer(journal, step, candidate, messages, ahead, models.patience.silence_s)
            except FAULTS as error:
                await ahead.undo()
                found = fault_of(error, candidate)
            except BaseException:
                await ahead.undo()
                raise
            if found.remedy == "person" and candidate is models.coder[0]:
                raise found.as_failure()
            if found.remedy != "again":
                able.remove(candidate)
            fault = found
        if not able:
            break
    assert fault is not None
    names = ", ".join(candidate.name for candidate in models.coder)
    raise ModelFailed(
        f"{fault.reason} Nothing else answered either (asked: {names})." if len(models.coder) > 1 else fault.reason,
        fault.action or "Send the message again in a few minutes; what was built so far is kept.",
    )


def _pause_s(patience: Patience, number: int, fault: Fault) -> float:
    """Exponential with full jitter, but never before the provider said."""
    backoff = min(patience.most_s, patience.first_s * 2**number) * random.uniform(0.5, 1)
    return max(backoff, min(patience.told_s, fault.retry_after_s or 0))


async def _answer(
    journal: Journal, step: str, candidate: Candidate, messages: Sequence[ModelMessage], ahead: Ahead, silence_s: float
) -> ModelResponse:
    tools: dict[int, str] = {}
    model = await asyncio.to_thread(lambda: candidate.model)
    seen = messages if model.profile.get("supports_image_input", True) else _without_images(messages)
    loop = asyncio.get_running_loop()
    async with _accounted(journal, candidate) as watch:
        try:
            async with (
                asyncio.timeout(silence_s) as silence,
                model_request_stream(model, seen, model_request_parameters=_PARAMETERS) as stream,
            ):
                watch(stream)
                async for event in stream:
                    silence.reschedule(loop.time() + silence_s)
                    if delta := _delta(event, tools):
                        await journal.stream(step, delta)
                    if isinstance(event, PartEndEvent) and isinstance(event.part, ToolCallPart):
                        await ahead.take(event.part)
        except TimeoutError as error:
            raise BrokenOff from error
        response = stream.get()
        # Every provider says why an answer ended; one that ends without a reason was cut, however politely.
        cut = response.finish_reason is None and candidate.provider != "demo"
        if cut or not any(
            isinstance(part, ToolCallPart) or (isinstance(part, TextPart) and part.content.strip())
            for part in response.parts
        ):
            raise BrokenOff
        return response


@asynccontextmanager
async def _accounted(journal: Journal, candidate: Candidate) -> AsyncIterator[Callable[[StreamedResponse], None]]:
    """An answer that comes to nothing is paid for all the same: what its stream reported until then is journaled."""
    streams: list[StreamedResponse] = []
    try:
        yield streams.append
    except FAULTS:
        for stream in streams:
            await journal.append(*spent(candidate, stream.usage, "broken_off"))
        raise


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
