"""Typed alike: quotes, dashes, spaces and composed letters that a keyboard, an editor or a model writes in different ways."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

_SAME = str.maketrans(
    dict(zip("‘’‚‛“”„‟′″‐‑‒–—−", "''''\"\"\"\"'\"------", strict=True))
    | dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " ")
    | {"…": "..."}
    | dict.fromkeys("\u200b\ufeff", "")
)
_CLUSTER = re.compile(r"[^\u0300-\u036f][\u0300-\u036f]*|[\u0300-\u036f]+", re.S)
"""A letter with the marks that are composed with it."""


def folded(text: str) -> str:
    """`text` as a plain keyboard would have it, in composed letters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_SAME)


def folded_with_places(text: str) -> tuple[str, Sequence[int]]:
    """`text` folded, and for each character of that (and its end) where in `text` it comes from."""
    if text.isascii():
        return text, range(len(text) + 1)
    pieces: list[str] = []
    places: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        piece = folded(cluster[0])
        pieces.append(piece)
        places += [cluster.start()] * len(piece)
    return "".join(pieces), [*places, len(text)]


def carried_over(found: Sequence[str], old: Sequence[str], new: Sequence[str]) -> list[str]:
    """The lines of `new`, typed as `found` is wherever they leave `old` as it was. `found` and `old` differ in nothing
    but spacing and typography, line by line.
    """
    if len(found) != len(old) or all(f.strip() == o.strip() for f, o in zip(found, old, strict=True)):
        return list(new)
    kept = list(new)
    steps = SequenceMatcher(None, [o.strip() for o in old], [n.strip() for n in new], False).get_opcodes()
    for tag, start, end, new_start, new_end in steps:
        if tag in ("equal", "replace") and end - start == new_end - new_start:
            for at, put in zip(range(start, end), range(new_start, new_end), strict=True):
                kept[put] = _line_carried_over(found[at], old[at], new[put])
    return kept


def _line_carried_over(found: str, old: str, new: str) -> str:
    real, there = folded_with_places(found.strip())
    body = new.strip()
    wanted, here = folded_with_places(body)
    if real != folded(old.strip()):
        return new
    pieces = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, real, wanted, False).get_opcodes():
        if tag == "equal":
            pieces.append(found.strip()[there[start] : there[end]])
        else:
            pieces.append(body[here[new_start] : here[new_end]])
    return new.replace(body, "".join(pieces), 1) if body else new
