"""What Supabase Auth says went wrong, for a person."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from supabase_auth.errors import AuthApiError, AuthError, AuthRetryableError, AuthSessionMissingError

from backend.domain import CodeFlowError, InvalidInput, LimitKind, LimitReached, NotSignedIn, Unavailable

log = logging.getLogger(__name__)

OTP = "This link or code is wrong, was used already, or is too old. Ask for a new one."
BEGIN_AGAIN = "The sign-in took too long, or was begun in another browser. Start it again."
OFF = "This way to sign in is switched off here. Choose another one."
ENDED = "Your session has ended. Sign in again."

# The person acts.
INVALID = {
    "invalid_credentials": "The e-mail address or the password is wrong. Check both, or ask for a link by e-mail.",
    "email_not_confirmed": "This e-mail address is not confirmed yet. Open the link we sent, or ask for a new one by e-mail.",
    "same_password": "This is the password you have already. Choose another one.",
    "user_already_exists": "There is an account with this e-mail address. Sign in, or reset its password.",
    "email_exists": "There is an account with this e-mail address. Sign in, or reset its password.",
    "email_address_invalid": "Mail to this address cannot be delivered. Check it, or use another one.",
    "otp_expired": OTP,
    "otp_disabled": OTP,
    "bad_code_verifier": BEGIN_AGAIN,
    "flow_state_not_found": BEGIN_AGAIN,
    "flow_state_expired": BEGIN_AGAIN,
    "bad_oauth_state": BEGIN_AGAIN,
    "bad_oauth_callback": BEGIN_AGAIN,
    "provider_email_needs_verification": "Confirm your e-mail address first: we sent you a link.",
    "signup_disabled": "New accounts are switched off here. Ask the operator for one.",
    "user_banned": "This account is blocked. Ask the operator why.",
    "reauthentication_needed": "Your sign-in is too old for this. Sign out, sign in again, and set the password then.",
    "email_provider_disabled": OFF,
    "anonymous_provider_disabled": OFF,
    "provider_disabled": OFF,
    "oauth_provider_not_supported": OFF,
}
ABOUT_THE_ADDRESS = {
    "user_already_exists",
    "email_exists",
    "email_not_confirmed",
    "otp_disabled",
    "signup_disabled",
    "user_banned",
}
# The operator acts.
SETUP = {
    "email_address_not_authorized": "Supabase's built-in mail service writes to members of the project's team only. "
    "Set up SMTP in the project's Auth settings.",
    "captcha_failed": "The project asks for a captcha, which CodeFlow's sign-in does not show. Switch it off in the "
    "project's Auth settings.",
}
SESSION_OVER = {
    "bad_jwt",
    "no_authorization",
    "session_not_found",
    "session_expired",
    "user_not_found",
    "refresh_token_not_found",
    "refresh_token_already_used",
}
SILENT = "Supabase, which keeps the accounts, does not answer. Try again in a moment."
REFUSED = "Supabase refuses CodeFlow's requests. Check SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY."


class AboutTheAddress(InvalidInput):
    """Tells whether an e-mail address has an account: not for everybody to hear."""


@contextmanager
def told() -> Iterator[None]:
    """Turns the client's errors into ours. Their texts may name addresses: none of them reaches a log."""
    try:
        yield
    except AuthError as error:
        raise explained(error) from None
    except ValidationError:
        log.warning("Supabase Auth answered with something its client cannot read")
        raise Unavailable(SILENT) from None


def explained(error: AuthError) -> CodeFlowError:
    code = str(error.code or "")
    status = getattr(error, "status", 0)
    if isinstance(error, AuthRetryableError):
        log.warning("Supabase Auth does not answer (status %s)", status)
        return Unavailable(SILENT)
    if status == 429 or code.startswith("over_"):
        return _too_often(error)
    if code == "weak_password" or (code == "validation_failed" and "assword" in error.message):
        return InvalidInput(f"Choose another password. {error.message}")
    if code in INVALID:
        return (AboutTheAddress if code in ABOUT_THE_ADDRESS else InvalidInput)(INVALID[code])
    if code in SESSION_OVER or isinstance(error, AuthSessionMissingError):
        return NotSignedIn(ENDED)
    if code in SETUP:
        log.error("%s", SETUP[code])
        return Unavailable(SETUP[code])
    log.warning("Supabase Auth refused a request: %s, status %s", code or type(error).__name__, status)
    if isinstance(error, AuthApiError) and status == 401 and not code:
        return Unavailable(REFUSED)
    if isinstance(error, AuthApiError) and 400 <= status < 500:
        return InvalidInput("Supabase refused this sign-in. Check what you typed, and try again.")
    return Unavailable(SILENT)


def _too_often(error: AuthError) -> LimitReached:
    named = re.search(r"after (\d+) seconds", error.message)
    wait_s = int(named.group(1)) if named else 60
    if not named:
        log.warning("The Supabase project's own limit is reached: %s", error.code)
    return LimitReached(
        f"That was too often in a short time. Wait {wait_s} seconds, then try again.",
        LimitKind.RATE,
        datetime.now(UTC) + timedelta(seconds=wait_s),
    )
