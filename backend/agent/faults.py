"""What a failed model call means: ask again, ask another, or tell the person."""

import math
import re
from dataclasses import dataclass
from typing import Literal

import httpx
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    UnexpectedModelBehavior,
    UserError,
)

from backend.agent.candidate import Candidate

_KEYS = re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|AIza|Bearer)[-_ ]?[A-Za-z0-9*._-]{8,}")
_MAX_DETAIL_CHARS = 240
_TOO_LONG = re.compile(
    r"context[ _](?:length|size|window)|maximum context|exceed_context|too many tokens|(?:prompt|input)(?: is)? too (?:long|large)"
    r"|reduce (?:the|your) (?:length|prompt)|input token count|longer than the model|context the overflows",
    re.I,
)
"""The words of llama.cpp, Ollama, LM Studio, vLLM, TGI, Mistral and gateways; the status is 400, 413 or 422."""


class BrokenOff(Exception):
    """An answer ended without being one."""


FAULTS = (ModelAPIError, UnexpectedModelBehavior, UserError, BrokenOff, httpx.HTTPError, ConnectionError)
"""Everything a model call is known to raise when the provider or the way to it is at fault."""


@dataclass(frozen=True)
class Fault:
    remedy: Literal["again", "another", "person"]
    """`again`: the same model may answer next time; `another`: this one will not; `person`: somebody must change
    something.
    """
    reason: str
    action: str = ""
    retry_after_s: float | None = None


def fault_of(error: Exception, candidate: Candidate, patience_s: float) -> Fault:
    """Never holds the provider's key, whatever the provider echoed. One that asks to be left alone for longer than
    `patience_s` is not asked again.
    """
    who = candidate.title
    match error:
        case ModelAPIError() if _is_about_the_key(error):
            variable = candidate.key_variable or "the key"
            return Fault(
                "person",
                f"{who} refused the API key{_status(error)}.",
                f"Check {variable}, restart CodeFlow, and send the message again.",
            )
        case ModelNotFoundError():
            return Fault(
                "person",
                f"{who} has no model `{candidate.name}` for this key.",
                "Set AI_MODEL to one it has, and restart CodeFlow.",
            )
        case ModelRequestRejectedError() | ModelHTTPError() if _is_about_length(error):
            return Fault(
                "another",
                f"The conversation is longer than `{candidate.name}` can read.",
                "Start a new project from this version, or choose a model that reads more. A model server may need a larger "
                "context length (for Ollama, OLLAMA_CONTEXT_LENGTH).",
            )
        case ModelQuotaExceededError():
            return Fault(
                "another",
                f"{who} says that the account has no quota left.",
                "Top up the account, or set another provider's key.",
            )
        case ModelRateLimitError():
            return _later(f"{who} is limiting the rate of requests", error, patience_s)
        case ModelRequestTimeout() | ModelConnectionError():
            return Fault("again", f"The connection to {who} failed or broke off.")
        case ModelRequestRejectedError():
            return Fault(
                "person",
                f"{who} rejected the request: {_detail(error, candidate)}",
                "Check AI_MODEL: it must be a chat model that calls tools.",
            )
        case ModelHTTPError() if error.status_code < 500 and error.status_code not in (408, 409, 425, 429):
            return Fault(
                "person",
                f"{who} rejected the request (HTTP {error.status_code}): {_detail(error, candidate)}",
                "Check the provider's settings.",
            )
        case ModelAPIError():
            return _later(f"{who} cannot answer right now{_status(error)}", error, patience_s)
        case ContentFilterError():
            said = f" It said: {_redacted(error.message, candidate)}" if error.message else ""
            return Fault(
                "another", f"{who} refused to answer: its content filter stepped in.{said}", "Say it in other words."
            )
        case UserError():
            return Fault(
                "person",
                f"{who} is not set up rightly: {_redacted(str(error), candidate)}",
                "Run `codeflow doctor` to see what is missing.",
            )
        case BrokenOff() | UnexpectedModelBehavior():
            return Fault("again", f"{who} sent an answer that breaks off.")
        case _:
            return Fault("again", f"The connection to {who} failed or broke off.")


def _later(what: str, error: ModelAPIError, patience_s: float) -> Fault:
    after_s = error.retry_after
    if after_s is None or after_s <= patience_s:
        return Fault("again", f"{what}.", retry_after_s=after_s)
    minutes = math.ceil(after_s / 60)
    wait = f"{minutes} minutes" if minutes < 120 else f"{math.ceil(minutes / 60)} hours"
    return Fault(
        "another", f"{what}, for another {wait}.", f"Send the message again in {wait}, or choose another model."
    )


def _status(error: ModelAPIError) -> str:
    return f" (HTTP {error.status_code})" if isinstance(error, ModelHTTPError) else ""


def _is_about_length(error: ModelAPIError) -> bool:
    return isinstance(error, ModelContextWindowExceededError) or bool(_TOO_LONG.search(f"{error.body} {error.message}"))


def _is_about_the_key(error: ModelAPIError) -> bool:
    # Gemini answers a wrong key with status 400.
    return isinstance(error, ModelAuthenticationError) or (
        isinstance(error, ModelRequestRejectedError) and "api key not valid" in str(error.body).lower()
    )


def _detail(error: ModelAPIError, candidate: Candidate) -> str:
    body = error.body[0] if isinstance(error.body, list) and error.body else error.body
    message = body.get("message") or body.get("error") if isinstance(body, dict) else body
    if isinstance(message, dict):
        message = message.get("message")
    return _redacted(str(message or error.message), candidate)


def _redacted(text: str, candidate: Candidate) -> str:
    if candidate.secret:
        text = text.replace(candidate.secret, "•••")
    text = _KEYS.sub("•••", text)
    return text if len(text) <= _MAX_DETAIL_CHARS else text[:_MAX_DETAIL_CHARS] + "…"
