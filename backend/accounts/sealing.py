"""Sealed text: what the browser keeps for us, which it can neither read nor change.

AES-256-GCM under a key derived from CODEFLOW_SESSION_SECRET. The purpose is bound in, so a seal made for one cookie opens
no other, and the time of sealing, so that nothing is good for ever.
"""

import base64
import binascii
import os
import struct
import time
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.config import Settings
from backend.domain import Unavailable
from backend.keyfile import kept_secret

MIN_SECRET_CHARS = 32
KEY_FILE = "session.key"
_NONCE = 12
_TIME = struct.Struct("!Q")
_SKEW_S = 300
"""Web processes whose clocks differ by less believe one another."""


class Seal:
    def __init__(self, secrets: Sequence[str]) -> None:
        """The first secret seals; all of them open. Raises `Unavailable` when there is none, or a short one."""
        if not secrets or any(len(secret) < MIN_SECRET_CHARS for secret in secrets):
            raise Unavailable(
                f"CODEFLOW_SESSION_SECRET is too short: it needs {MIN_SECRET_CHARS} characters or more. "
                'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        self._keys = [AESGCM(_derived(secret)) for secret in secrets]

    @classmethod
    def for_settings(cls, settings: Settings) -> "Seal":
        """CODEFLOW_SESSION_SECRET, and after commas the older ones that still open; else a secret kept in the data
        directory. Raises `Unavailable`."""
        given = settings.session_secret.get_secret_value() if settings.session_secret else ""
        if given.strip():
            return cls([secret.strip() for secret in given.split(",") if secret.strip()])
        return cls([kept_secret(settings.data_dir / KEY_FILE, "the sign-ins", "CODEFLOW_SESSION_SECRET")])

    def seal(self, data: bytes, purpose: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = self._keys[0].encrypt(nonce, _TIME.pack(int(time.time())) + data, purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, text: str, purpose: str, max_age_s: float) -> bytes | None:
        """What was sealed; None when it is forged, changed, for another purpose, or older than `max_age_s`."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) < _NONCE:
            return None
        for key in self._keys:
            try:
                opened = key.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
            except InvalidTag:
                continue
            age = time.time() - _TIME.unpack_from(opened)[0]
            return opened[_TIME.size :] if -_SKEW_S <= age <= max_age_s else None
        return None


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"codeflow session").derive(secret.encode())
