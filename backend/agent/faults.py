"""What a failed model call means: ask again, ask another, or tell the person."""

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

from backend.agent.models import Candidate
from backend.agent.stops import ModelFailed

_KEYS = re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|AIza|Bearer)[-_ ]?[A-Za-z0-9*._-]{8,}")
_MAX_DETAIL_CHARS = 240


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

    def as_failure(self) -> ModelFailed:
        return ModelFailed(self.reason, self.action)


def fault_of(error: Exception, candidate: Candidate) -> Fault:
    """Never holds the provider's key, whatever the provider echoed."""
    who = candidate.title
    match error:
        case ModelAPIError() if _is_about_the_key(error):
            variable = candidate.key_variable or "the key"
            status = f" (HTTP {error.status_code})" if isinstance(error, ModelHTTPError) else ""
            return Fault(
                "person",
                f"{who} refused the API key{status}.",
                f"Check {variable}, restart CodeFlow, and send the message again.",
            )
        case ModelNotFoundError():
            return Fault(
                "person",
                f"{who} has no model `{candidate.name}` for this key.",
                "Set AI_MODEL to one it has, and restart CodeFlow.",
            )
        case ModelContextWindowExceededError():
            return Fault(
                "person",
                f"The conversation is longer than `{candidate.name}` can read.",
                "Start a new project from this version, or set AI_MODEL to a model that reads more.",
            )
        case ModelQuotaExceededError():
            return Fault(
                "another",
                f"The account at {who} has no quota left.",
                "Top up the account, or set another provider's key.",
            )
        case ModelRateLimitError():
            return Fault("again", f"{who} is limiting the rate of requests.", retry_after_s=error.retry_after)
        case ModelRequestTimeout() | ModelConnectionError() | httpx.HTTPError() | ConnectionError():
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
            status = f" (HTTP {error.status_code})" if isinstance(error, ModelHTTPError) else ""
            return Fault("again", f"{who} cannot answer right now{status}.", retry_after_s=error.retry_after)
        case ContentFilterError():
            return Fault("person", f"{who} refused to answer: its content filter stepped in.", "Say it in other words.")
        case UserError():
            return Fault(
                "person",
                f"{who} is not set up rightly: {_redacted(str(error), candidate)}",
                "Run `codeflow doctor` to see what is missing.",
            )
        case _:
            return Fault("again", f"{who} sent an answer that breaks off.")


def _is_about_the_key(error: ModelAPIError) -> bool:
    # Gemini answers a wrong key with status 400.
    return isinstance(error, ModelAuthenticationError) or (
        isinstance(error, ModelRequestRejectedError) and "api key not valid" in str(error.body).lower()
    )


def _detail(error: ModelAPIError, candidate: Candidate) -> str:
    body = error.body
    message = body.get("message") or body.get("error") if isinstance(body, dict) else body
    if isinstance(message, dict):
        message = message.get("message")
    return _redacted(str(message or error.message), candidate)


def _redacted(text: str, candidate: Candidate) -> str:
    if candidate.secret:
        text = text.replace(candidate.secret, "•••")
    text = _KEYS.sub("•••", text)
    return text if len(text) <= _MAX_DETAIL_CHARS else text[:_MAX_DETAIL_CHARS] + "…"
