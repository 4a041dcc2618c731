"""The token by which a process works on runs of a Supabase project: a JWT of the role `codeflow_worker`."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.exceptions import PyJWTError

from backend.config import Settings
from backend.domain import InvalidInput

ROLE = "codeflow_worker"
DAY_S = 86_400
MAX_DAYS = 3650
MIN_SECRET_BYTES = 32


@dataclass(frozen=True)
class SigningKey:
    key: Any
    algorithm: str
    kid: str | None = None


def mint(settings: Settings, key_file: Path, days: int, kid: str | None = None) -> str:
    """Signed with the project's own key: a private JWK (`supabase gen signing-key`), a PEM, or the legacy secret.

    Raises `InvalidInput`.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"A token lasts from 1 to {MAX_DAYS} days, not {days}.")
    signing = read_key(key_file)
    now = int(time.time())
    claims: dict[str, Any] = {"role": ROLE, "iat": now, "exp": now + days * DAY_S}
    if settings.supabase_url:
        claims["iss"] = f"{settings.supabase_url.rstrip('/')}/auth/v1"
    named = kid or signing.kid
    return jwt.encode(claims, signing.key, signing.algorithm, headers={"kid": named} if named else None)


def read_key(path: Path) -> SigningKey:
    """Raises `InvalidInput`; what it says holds nothing of the key."""
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The key file {path} cannot be read ({type(error).__name__}).") from None
    if text.startswith(("{", "[")):
        return _from_jwk(path, text)
    if text.startswith("-----BEGIN"):
        return _from_pem(path, text)
    if len(text.encode()) < MIN_SECRET_BYTES:
        raise InvalidInput(
            f"{path} holds no key: neither a private JWK, nor a PEM, nor a legacy JWT secret of 32 characters or more."
        )
    return SigningKey(text, "HS256")


def _from_jwk(path: Path, text: str) -> SigningKey:
    try:
        found = json.loads(text)
        # `supabase gen signing-key` writes a list.
        found = found[0] if isinstance(found, list) else found.get("keys", [found])[0]
        if "d" not in found and found.get("kty") != "oct":
            raise InvalidInput(f"{path} holds only the public half of a key. Take the private JWK.")
        key = jwt.PyJWK(found)
    except (PyJWTError, ValueError, LookupError, AttributeError, TypeError):
        raise InvalidInput(f"{path} is not a private JWK.") from None
    return SigningKey(key.key, key.algorithm_name, key.key_id)


def _from_pem(path: Path, text: str) -> SigningKey:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidInput(f"{path} is not a private key in PEM without a password.") from None
    match key:
        case EllipticCurvePrivateKey() if key.curve.name == "secp256r1":
            return SigningKey(key, "ES256")
        case RSAPrivateKey():
            return SigningKey(key, "RS256")
        case Ed25519PrivateKey():
            return SigningKey(key, "EdDSA")
        case _:
            raise InvalidInput(f"The key in {path} is of a kind Supabase does not use. Take ES256, RS256 or Ed25519.")
