"""The wires models are reached over, each with the SDK that speaks it, its good answers and its faults."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from backend.agent.candidate import Candidate
from backend.agent.providers import compatible, gemini, openai
from tests.agent import wire
from tests.agent.wire import Reply, Wire, chunk, refused

KEY = "sk-proj-very-secret-key-0123456789"
Calls = Sequence[tuple[str, dict[str, Any]]]


def chat_model(server: Wire, name: str = "local-coder") -> Candidate:
    return Candidate("compatible", name, lambda: compatible.build(name, KEY, f"{server.url}/v1"), "OPENAI_API_KEY", KEY)


def openai_model(server: Wire, name: str = "gpt-6.1-sol") -> Candidate:
    return Candidate("openai", name, lambda: openai.build(name, KEY, f"{server.url}/v1"), "OPENAI_API_KEY", KEY)


def gemini_model(server: Wire, name: str = "gemini-4-argon") -> Candidate:
    return Candidate("gemini", name, lambda: gemini.build(name, KEY, server.url), "GEMINI_API_KEY", KEY)


@dataclass(frozen=True)
class Speech:
    candidate: Callable[[Wire], Candidate]
    title: str
    history: str
    """Where in a request's body the messages are."""
    length: str
    """Its word for an answer that was cut at its length."""
    _say: Callable[..., Reply]

    def say(self, text: str = "", calls: Calls = (), **more: Any) -> Reply:
        return self._say(
            text, [(name, args if self.history == "contents" else json.dumps(args)) for name, args in calls], **more
        )

    def begun(self, text: str = "", calls: Calls = ()) -> Reply:
        """An answer that has not ended, on a connection that is still open."""
        return replace(self.say(text, calls, whole=False), cut=False)


SPEECHES = {
    "openai": Speech(openai_model, "OpenAI", "input", "max_output_tokens", wire.responses),
    "gemini": Speech(gemini_model, "Gemini", "contents", "MAX_TOKENS", wire.gemini),
    "compatible": Speech(chat_model, "The model server", "messages", "length", wire.chat),
}


def said_inside(speech: str, status: int, code: str, message: str) -> Any:
    """The event by which an error is told in a stream that is open already."""
    match speech:
        case "openai":
            return ("error", {"type": "error", "code": code, "message": message, "param": None, "sequence_number": 99})
        case "gemini":
            return {"error": {"code": status, "message": message, "status": _STATUSES[status]}}
        case _:
            return {"error": {"message": message, "type": code, "code": code}}


_STATUSES = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 529: "UNAVAILABLE"}


def failing(speech: str, status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """The answer that is an error from the start."""
    if speech != "gemini":
        return refused(status, message, code, **headers)
    return Reply(
        status, body={"error": {"code": status, "message": message, "status": _STATUSES[status]}}, headers=headers
    )


def quota_gone(speech: str) -> Reply:
    if speech != "gemini":
        return refused(429, "You exceeded your current quota", "insufficient_quota")
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    details = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}]
    error = {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": details}
    return Reply(429, body={"error": error})


def refusing(speech: str, text: str = "") -> Reply:
    """The model, or the filter before it, refuses; after `text` was said."""
    begun = SPEECHES[speech].begun(text)
    match speech:
        case "openai":
            at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
            events = [
                (
                    "response.refusal.delta",
                    {"type": "response.refusal.delta", **at, "delta": "I won't.", "sequence_number": 90},
                ),
                *[event for event in SPEECHES[speech].say().events if event[0] == "response.completed"],
            ]
            return replace(begun, events=[*begun.events, *events])
        case "gemini" if not text:
            return Reply(
                events=[
                    {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}
                ]
            )
        case "gemini":
            return SPEECHES[speech].say(text, finish="SAFETY")
        case _:
            return replace(
                begun, events=[*begun.events, chunk({"refusal": "I won't."}), chunk({}, "content_filter"), "[DONE]"]
            )


@dataclass
class Station:
    """A server with the model that is reached there, for many tests of one event loop."""

    server: Wire
    candidate: Candidate

    def will(self, *replies: Reply) -> "Station":
        self.server.replies[:] = replies
        self.server.asked.clear()
        return self

    @property
    def asked(self) -> int:
        return len(self.server.asked)


@asynccontextmanager
async def stations() -> AsyncIterator[dict[str, Station]]:
    """One for each speech, and one more, `another`, to fall back on."""
    async with AsyncExitStack() as stack:
        servers = {name: await stack.enter_async_context(wire.wire()) for name in (*SPEECHES, "another")}
        yield {
            name: Station(
                server, SPEECHES[name].candidate(server) if name in SPEECHES else chat_model(server, "another")
            )
            for name, server in servers.items()
        }
