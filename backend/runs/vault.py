"""Sealed values of an app's variables: the web seals them, a worker opens them, and the store can do neither.

AES-256-GCM under a key derived from CODEFLOW_SECRETS_KEY. The project and the variable's name are bound in, so that a value
which was put in another's place does not open there.
"""

import base64
import binascii
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.config import Settings
from backend.domain import Unavailable
from backend.keyfile import kept_secret

MIN_SECRET_CHARS = 32
KEY_FILE = "secrets.key"
_NONCE = 12


class Vault:
    def __init__(self, secrets: Sequence[str]) -> None:
        """The first secret seals; all of them open. Raises `Unavailable` when there is none, or a short one."""
        if not secrets or any(len(secret) < MIN_SECRET_CHARS for secret in secrets):
            raise Unavailable(
                f"CODEFLOW_SECRETS_KEY is too short: it needs {MIN_SECRET_CHARS} characters or more. "
                'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        self._keys = [AESGCM(_derived(secret)) for secret in secrets]

    @classmethod
    def for_settings(cls, settings: Settings) -> "Vault":
        """CODEFLOW_SECRETS_KEY, and after commas the older ones that still open; else a secret kept in the data
        directory. Raises `Unavailable`, also where workers elsewhere could not know that one.
        """
        given = settings.secrets_key.get_secret_value() if settings.secrets_key else ""
        if given.strip():
            return cls([secret.strip() for secret in given.split(",") if secret.strip()])
        elsewhere = settings.dispatch_url or settings.supabase_worker_token is None or not settings.workers
        if settings.multi_user and elsewhere:
            raise Unavailable(
                "Variables cannot be kept yet: their values are sealed under CODEFLOW_SECRETS_KEY, which is not set. "
                "Whoever runs this CodeFlow sets it to the same 32 or more random characters for the page and for all "
                "workers."
            )
        return cls([kept_secret(settings.data_dir / KEY_FILE, "the apps' variables", "CODEFLOW_SECRETS_KEY")])

    def seal(self, value: str, project_id: str, name: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = self._keys[0].encrypt(nonce, value.encode(), _bound(project_id, name))
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, project_id: str, name: str) -> str:
        """Raises `Unavailable` when it was sealed under a key that is not known here, or for something else."""
        try:
            raw = base64.b64decode(sealed, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        for key in self._keys if len(raw) > _NONCE else ():
            try:
                return key.decrypt(raw[:_NONCE], raw[_NONCE:], _bound(project_id, name)).decode()
            except InvalidTag:
                continue
        raise Unavailable(
            f"The variable {name} cannot be opened: it was sealed under another key. Set CODEFLOW_SECRETS_KEY to the same "
            "for the page and for all workers, or set the variable's value anew."
        )


def _bound(project_id: str, name: str) -> bytes:
    return f"{project_id}/{name}".encode()


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"codeflow variables").derive(secret.encode())
