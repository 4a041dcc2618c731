"""The project's public signing keys."""

import asyncio
import logging
import time

import httpx
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from backend.domain import Unavailable

log = logging.getLogger(__name__)

ALGORITHMS = ("ES256", "RS256", "EdDSA")
"""Of keys whose public half is enough to check. With HS256, whoever can check a token can also make one."""
MAX_AGE_S = 600.0
"""A key that was revoked is trusted no longer than this."""
UNKNOWN_S = 60.0
"""Tokens that name unknown keys cause one fetch in so many seconds."""
RETRY_S = 2.0
"""After a fetch that failed."""


class SigningKeys:
    def __init__(self, url: str, key: str, http: httpx.AsyncClient) -> None:
        """`url`: where the project's Auth is, `https://….supabase.co/auth/v1`."""
        self._address = f"{url}/.well-known/jwks.json"
        self._headers = {"apikey": key}
        self._http = http
        self._keys: dict[str, PyJWK] = {}
        self._fetched = self._due = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> PyJWK | None:
        """None: the project has no such key. Raises `Unavailable` when that cannot be found out."""
        if kid not in self._keys or time.monotonic() > self._fetched + MAX_AGE_S:
            await self._refresh(kid)
        return self._keys.get(kid)

    async def require(self) -> None:
        """Raises `Unavailable` when tokens of this project cannot be checked, saying why."""
        await self._refresh("")
        if not self._keys:
            raise _no_keys()

    async def _refresh(self, kid: str) -> None:
        async with self._fetching:
            now = time.monotonic()
            if now < self._due or (kid in self._keys and now <= self._fetched + MAX_AGE_S):
                if self._fetched == float("-inf"):
                    raise _silent()
                return
            try:
                answer = await self._http.get(self._address, headers=self._headers)
                answer.raise_for_status()
                keys = _usable(answer.json())
            except (httpx.HTTPError, ValueError) as error:
                self._due = now + RETRY_S
                log.warning("The signing keys cannot be fetched: %s", type(error).__name__)
                if kid in self._keys:
                    return
                raise _silent() from None
            self._keys, self._fetched, self._due = keys, now, now + UNKNOWN_S
            if not keys:
                log.error("%s", _no_keys().message)


def _usable(document: object) -> dict[str, PyJWK]:
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no key set")
    found = {}
    for item in listed:
        try:
            key = PyJWK(item)
        except PyJWTError:
            continue
        if key.key_id and key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig"):
            found[key.key_id] = key
    return found


def _silent() -> Unavailable:
    return Unavailable("Supabase does not answer, so sign-ins cannot be checked. Try again in a moment.")


def _no_keys() -> Unavailable:
    return Unavailable(
        "This Supabase project signs its tokens with the legacy shared secret, which CodeFlow does not accept. "
        "In the project's settings, under JWT Keys, migrate to a signing key (ES256) and rotate to it."
    )
