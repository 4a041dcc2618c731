"""What the operator sets in the store: a user's tier, and secrets only its own functions read."""

import getpass
import sys

from backend.config import Settings
from backend.domain import InvalidInput
from backend.store.opening import open_store_as_operator

MAX_SECRET_CHARS = 10_000


async def set_tier(settings: Settings, account: str, tier_id: str) -> None:
    """Raises `NotFound` for an unknown account or tier, `Unavailable` without the operator's key."""
    store = await open_store_as_operator(settings)
    try:
        await store.set_tier(account, tier_id)
    finally:
        await store.close()


async def set_secret(settings: Settings, name: str, value: str | None) -> None:
    """None forgets it. Raises `Unavailable` without the operator's key."""
    store = await open_store_as_operator(settings)
    try:
        await store.set_app_secret(name, value)
    finally:
        await store.close()


def ask_secret(name: str) -> str:
    """From a prompt that does not echo, or from what is piped in: an argument would stand in the shell's history.

    Raises `InvalidInput` for nothing.
    """
    given = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read(MAX_SECRET_CHARS + 1)
    value = given.strip()
    if not value or len(value) > MAX_SECRET_CHARS:
        raise InvalidInput("There is no secret. Type it at the prompt, or pipe it in: codeflow secret NAME < file")
    return value
