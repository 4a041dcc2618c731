"""Which part of a file a download asks for: `Range`, `If-Range` and the conditions on a cached copy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


@dataclass(frozen=True)
class Version:
    """A file as it was when it was opened."""

    size: int
    mtime_ns: int

    @property
    def etag(self) -> str:
        return f'"{self.mtime_ns:x}-{self.size:x}"'

    @property
    def modified(self) -> str:
        return formatdate(self.mtime_ns // 10**9, usegmt=True)


@dataclass(frozen=True)
class Part:
    start: int
    length: int


class Unsatisfiable(Exception):
    """The range lies outside of the file."""


def part(headers: Mapping[str, str], version: Version) -> Part | None:
    """The part asked for; None for the whole. More than one range at once means the whole, as HTTP allows.

    Raises `Unsatisfiable`.
    """
    asked = ONE_RANGE.fullmatch(headers.get("range", ""))
    if not asked or asked[0].count("-") != 1 or not (asked[1] or asked[2]):
        return None
    if (condition := headers.get("if-range")) and condition not in (version.etag, version.modified):
        return None
    if not asked[1]:
        length = min(int(asked[2]), version.size)
        if not length:
            raise Unsatisfiable
        return Part(version.size - length, length)
    start, end = int(asked[1]), int(asked[2]) if asked[2] else version.size - 1
    if asked[2] and end < start:
        return None
    if start >= version.size:
        raise Unsatisfiable
    return Part(start, min(end, version.size - 1) - start + 1)


def unchanged(headers: Mapping[str, str], version: Version) -> bool:
    """Whether the client's copy is still the file."""
    if (tags := headers.get("if-none-match")) is not None:
        return version.etag in (tag.strip().removeprefix("W/") for tag in tags.split(",")) or tags.strip() == "*"
    if since := headers.get("if-modified-since"):
        try:
            return version.mtime_ns // 10**9 <= parsedate_to_datetime(since).timestamp()
        except (ValueError, TypeError):
            return False
    return False
