"""OpenAI's chat protocol as other servers speak it.

Some number all tool calls 0 or not at all, give none of them an id or all the same, and repeat a call's name with each
piece of it. Some never say why an answer ended; then `[DONE]` at the end of the stream must do.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from openai import AsyncOpenAI
from openai._streaming import ServerSentEvent, SSEDecoder
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDeltaToolCall
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.messages import FinishReason, ModelResponseStreamEvent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIStreamedResponse

_REASONS: dict[str, FinishReason] = {
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "length": "length",
    "max_tokens": "length",
    "max_length": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "error": "error",
}
"""Servers' words for why an answer ended; any other (`eos_token`, `end_turn`) is an end as it should be."""


class TolerantChatModel(OpenAIChatModel):
    @property
    def _streamed_response_cls(self) -> type[OpenAIStreamedResponse]:
        return _TolerantStream


class TolerantClient(AsyncOpenAI):
    def _make_sse_decoder(self) -> SSEDecoder:
        return _Decoder()


class _Decoder(SSEDecoder):
    done = False
    """Whether the server said that this was all."""

    def decode(self, line: str) -> ServerSentEvent | None:
        event = super().decode(line)
        self.done = self.done or (event is not None and event.data.startswith("[DONE]"))
        return event


@dataclass
class _Call:
    name: str
    id: str | None
    args: str = ""


@dataclass
class _TolerantStream(OpenAIStreamedResponse):
    _calls: list[_Call] = field(default_factory=list, init=False)
    _at: dict[int | None, int] = field(default_factory=dict, init=False)
    """Which of the calls the server's number last stood for."""

    def _map_tool_call_delta(self, choice: Choice) -> Iterable[ModelResponseStreamEvent]:
        choice.delta.tool_calls = [self._numbered(piece) for piece in choice.delta.tool_calls or []]
        return super()._map_tool_call_delta(choice)

    def _numbered(self, piece: ChoiceDeltaToolCall) -> ChoiceDeltaToolCall:
        """The piece under its call's own number, with an id no other call has, and its name only at the start."""
        told = piece.function
        name, args = (told.name or "", told.arguments or "") if told else ("", "")
        known = self._at.get(piece.index)
        call = self._calls[known] if known is not None else None
        if call is None or _is_another(call, piece.id, name, args):
            known = self._at[piece.index] = len(self._calls)
            call = _Call(name, piece.id or None)
            self._calls.append(call)
            id = None if any(other.id == call.id for other in self._calls[:-1]) else call.id
        else:
            name, id = "", None
        call.args += args if isinstance(args, str) else json.dumps(args)
        function = told.model_copy(update={"name": name or None}) if told else None
        return piece.model_copy(update={"index": known, "id": id, "function": function})

    def _map_finish_reason(self, key: str) -> FinishReason:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _REASONS.get(key.lower(), "stop")

    def _missing_finish_reason(self) -> FinishReason:
        # The half answer of a connection that was closed must not pass for a whole one.
        decoder = self._response.source._decoder
        if isinstance(decoder, _Decoder) and decoder.done:
            return "stop"
        raise ModelAPIError(self.model_name, "The stream ended without a finish reason.")


def _is_another(call: _Call, id: str | None, name: str, args: str) -> bool:
    if id and call.id and id != call.id:
        return True
    return bool(name) and (name != call.name or (bool(args) and _is_whole(call.args)))


def _is_whole(args: str) -> bool:
    try:
        return isinstance(json.loads(args, strict=False), dict)
    except ValueError:
        return False
