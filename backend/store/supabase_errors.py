"""Failures of a call as errors a person understands. They repeat nothing of what was sent: no address, key or token."""

import httpx

from backend.domain import Busy, CodeFlowError, InvalidInput, LeaseLost, NotFound, NotSignedIn, Unavailable
from backend.store.supabase_http import ANSWER_S, Refusal
from backend.store.supabase_retry import passes

_BY_HINT: dict[str, type[CodeFlowError]] = {
    "not_signed_in": NotSignedIn,
    "not_found": NotFound,
    "busy": Busy,
    "lease_lost": LeaseLost,
    "invalid_input": InvalidInput,
}
"""The words our own functions put beside their sentences (`supabase/functions.md`)."""

_NOT_TEXT = {"22021", "22P05"}
_NOT_SET_UP = {"42501", "42883", "42P01", "42703", "PGRST106", "PGRST202", "PGRST203", "PGRST204", "PGRST205"}

SIGN_IN = "You are not signed in, or your session is over. Sign in to go on."


def understood(error: Exception) -> CodeFlowError:
    """What a failed call means."""
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(
            f"Supabase did not answer within {ANSWER_S:.0f} seconds. Try again in a moment; "
            "everything saved before is intact.",
            passes=True,
        )
    if isinstance(error, httpx.HTTPError):
        return Unavailable(
            "Supabase cannot be reached. Everything saved before is intact; try again in a moment. If it stays so, "
            "check the network, SUPABASE_URL, and whether the Supabase project is paused.",
            passes=passes(error),
        )
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput(
            "The text contains half a character (a lone surrogate), which cannot be stored. Remove it and try again."
        )
    raise error


def _refused(error: Refusal) -> CodeFlowError:
    if error.code.startswith("PT") and error.hint in _BY_HINT:
        return _BY_HINT[error.hint](error.said)
    if error.code in _NOT_TEXT:
        return InvalidInput("The text contains a NUL character, which cannot be stored. Remove it and try again.")
    if error.status == 401:
        return NotSignedIn(SIGN_IN)
    if error.code in _NOT_SET_UP or error.status == 404:
        return Unavailable(
            f"The Supabase project is not set up for this CodeFlow ({error}). "
            "Apply the migrations with `supabase db push`, and check that the right keys are set."
        )
    if error.status == 413:
        return InvalidInput("This is too large to be stored at once. Use smaller or fewer files.")
    if error.status == 429:
        return Unavailable("Supabase gets more requests than it takes. Try again in a minute.", passes=True)
    if error.code == "57014":
        return Unavailable(
            "The database took too long and gave up. Try again; everything saved before is intact.", passes=True
        )
    return Unavailable(
        f"Supabase does not work at the moment ({error}). Everything saved before is intact; try again in a moment. "
        "If it stays so, look at the Supabase project's status and logs.",
        passes=_is_outage(error),
    )


def _is_outage(error: Refusal) -> bool:
    """Whether it is over soon without anybody's doing. Anything else would be refused again, however often it is asked."""
    return passes(error) or error.code.startswith(("53", "57P0"))
