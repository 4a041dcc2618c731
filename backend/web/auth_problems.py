"""Why a person who was sent away to sign in comes back without: `/signin?problem=<code>`.

Addresses carry a code, never a text: whoever makes a link must not be able to put words in our mouth.
"""

from starlette.datastructures import QueryParams

from backend.accounts.problems import BEGIN_AGAIN, INVALID, OFF, SILENT
from backend.domain import CodeFlowError, LimitReached, Unavailable

PROBLEMS = {
    "denied": "You were not signed in, because it was cancelled there. Try again, or choose another way.",
    "expired": BEGIN_AGAIN,
    "off": OFF,
    "often": "That was too often in a short time. Wait a few minutes, then try again.",
    "unavailable": SILENT,
    "failed": "Signing in there did not work. Try again, or choose another way.",
    **{code: INVALID[code] for code in ("signup_disabled", "user_banned", "provider_email_needs_verification")},
}
"""What the page says, by code."""


def problem_of(error: CodeFlowError, otherwise: str) -> str:
    """The code of an error; `otherwise` for what only this step can know."""
    if isinstance(error, LimitReached):
        return "often"
    return "unavailable" if isinstance(error, Unavailable) else otherwise


def problem_told(query: QueryParams) -> str:
    """The code of what Supabase says in the address it sends the browser back to."""
    if (code := query.get("error_code", "")) in PROBLEMS:
        return code
    if query.get("error") == "access_denied":
        return "denied"
    return "failed" if "error" in query else "expired"
