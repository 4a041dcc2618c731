"""Names and secrets of sandboxes."""

import secrets
import string

ALPHABET = string.ascii_lowercase + string.digits


def new_sandbox_id() -> str:
    """An id that fits in a host name and cannot be guessed: about 98 bits."""
    return "i" + "".join(secrets.choice(ALPHABET) for _ in range(19))


def new_snapshot_id() -> str:
    """No sandbox and no template has such a name."""
    return "s" + "".join(secrets.choice(ALPHABET) for _ in range(19))


def new_access_token() -> str:
    return "ea_" + secrets.token_hex(20)


def new_api_key() -> str:
    return "e2b_" + secrets.token_hex(20)


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())
