"""Access tokens, checked here and by nobody else: no request of a page waits for Supabase."""

import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.exceptions import ExpiredSignatureError, PyJWTError
from pydantic import SecretStr

from backend.accounts.keys import ALGORITHMS, SigningKeys
from backend.domain import NotSignedIn, User

AUDIENCE = ROLE = "authenticated"
LEEWAY_S = 10.0
"""For clocks that differ."""
MAX_CHARS = 16_000


@dataclass(frozen=True)
class Claims:
    user: User
    """With the token."""
    session_id: str | None
    expires_at: float
    """In seconds of the clock."""


class TokenExpired(NotSignedIn):
    """Ours in everything but time."""


class Tokens:
    """Checks signature, issuer, audience, role, expiry and subject."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys

    async def verify(self, token: str) -> Claims:
        """Raises `TokenExpired`; `NotSignedIn` for every other fault; `Unavailable` when the keys cannot be had."""
        try:
            if len(token) > MAX_CHARS:
                raise _foreign()
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if header.get("alg") not in ALGORITHMS or not isinstance(kid, str):
                raise _foreign()
            key = await self._keys.key(kid)
            if key is None:
                raise _foreign()
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                # When it was made does not matter, and a clock that goes ahead must not lock everybody out.
                options={"require": ["exp", "sub", "role"], "verify_iat": False, "strict_aud": True},
            )
        except ExpiredSignatureError:
            raise TokenExpired("Your session has ended. Sign in again.") from None
        except PyJWTError:
            raise _foreign() from None
        return _read(claims, token)


def _read(claims: dict[str, Any], token: str) -> Claims:
    subject, email, session_id = claims["sub"], claims.get("email"), claims.get("session_id")
    if claims["role"] != ROLE or not _is_uuid(subject):
        raise _foreign()
    user = User(
        id=subject,
        email=email if isinstance(email, str) and email else None,
        anonymous=claims.get("is_anonymous") is True,
        token=SecretStr(token),
    )
    return Claims(user, session_id if isinstance(session_id, str) else None, float(claims["exp"]))


def _is_uuid(text: Any) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except (ValueError, AttributeError, TypeError):
        return False


def _foreign() -> NotSignedIn:
    return NotSignedIn("Your sign-in is not valid here. Sign in again.")
