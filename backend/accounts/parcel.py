"""What the session cookie holds, small: a browser keeps no more than 4 KB of it.

A token is two JSON texts and a signature, each in base64. Undone, and the texts deflated, they take half. The refresh token
stays outside the deflated part, whose length would say something about what is next to it.
"""

import base64
import struct
import zlib
from dataclasses import dataclass

from backend.accounts.grants import Grant

_HEAD = struct.Struct("!?HH")
_MAX_CLAIMS = 64_000


@dataclass(frozen=True)
class Parcel:
    grant: Grant
    framed: bool
    """Whether the session lives in another website's frame, where cookies need other attributes."""

    def pack(self) -> bytes:
        header, claims, signature = self.grant.access.split(".")
        texts = zlib.compress(_undone(header) + b"\0" + _undone(claims), 9)
        raw = _undone(signature)
        return _HEAD.pack(self.framed, len(texts), len(raw)) + texts + raw + self.grant.refresh.encode()

    @classmethod
    def unpack(cls, data: bytes) -> "Parcel":
        """Of what `pack` made."""
        framed, texts_length, raw_length = _HEAD.unpack_from(data)
        texts, rest = data[_HEAD.size :][:texts_length], data[_HEAD.size + texts_length :]
        header, claims = zlib.decompressobj().decompress(texts, _MAX_CLAIMS).split(b"\0")
        access = ".".join(_done(part) for part in (header, claims, rest[:raw_length]))
        return cls(Grant(access, rest[raw_length:].decode()), framed)


def _undone(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _done(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
