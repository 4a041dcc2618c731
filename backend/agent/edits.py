"""Replace a piece of a file by what a model believes is there: exact first, then ever more tolerant of how it is
spaced.

Every way of looking must find exactly one place. A miss says what the file really has near there, so that the model
can repair its call.
"""

import difflib
import re
from collections.abc import Callable
from itertools import takewhile

_TYPOGRAPHY = str.maketrans(
    "‘’‚‛“”„‟′″‐‑‒–—−\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", "''''\"\"\"\"'\"------" + " " * 7
)
_TELLING_CHARS = 5
"""A text at least so long is not in a file by chance."""
_REGION_LINES = 4
_REGION_SEARCH_LINES = 20_000


class EditFailed(Exception):
    """The edit was not made; the message is for the model."""


def replace_once(text: str, old: str, new: str) -> str:
    """`text` with its one occurrence of `old` replaced by `new`.

    Spacing at line ends, indentation, line endings and typographic quotes may differ; the replacement takes over
    the file's own line endings and indentation. Raises `EditFailed` when `old` is not found, found twice, or
    nothing would change.
    """
    if not old.strip():
        raise EditFailed("`old` is empty. Give the exact text to replace, or use write_file to write the whole file.")
    if old == new:
        raise EditFailed("`old` and `new` are the same, so nothing would change.")
    for way in (_exact, _by_lines, _by_characters):
        result = way(text, old, new)
        if result is not None:
            break
    else:
        raise EditFailed(_miss(text, old, new))
    if result == text:
        raise EditFailed("The file already reads like `new`, so nothing would change.")
    return result


def _exact(text: str, old: str, new: str) -> str | None:
    places = _starts(text, old)
    if not places:
        return None
    _require_one([_line_of(text, at) for at in places])
    return text[: places[0]] + _with_endings_of(text, new) + text[places[0] + len(old) :]


def _starts(text: str, piece: str) -> list[int]:
    places = [text.find(piece)]
    while places[-1] >= 0:
        places.append(text.find(piece, places[-1] + 1))
    return places[:-1]


def _with_endings_of(text: str, new: str) -> str:
    plain = new.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if "\r\n" in text else plain


def _typography(line: str) -> str:
    return line.translate(_TYPOGRAPHY)


_TOLERANCES: tuple[Callable[[str], str], ...] = (
    str.rstrip,
    lambda line: _typography(line).rstrip(),
    str.strip,
    lambda line: _typography(line).strip(),
    lambda line: re.sub(r"\s+", " ", _typography(line)).strip(),
)


def _by_lines(text: str, old: str, new: str) -> str | None:
    """Whole lines, compared ever more loosely."""
    lines, wanted = text.split("\n"), _lines(old)
    top, bottom = _blank_edges(wanted)
    wanted = wanted[top : len(wanted) - bottom]
    for tolerance in _TOLERANCES:
        loose = [tolerance(line) for line in lines]
        target = [tolerance(line) for line in wanted]
        places = [i for i in range(len(lines) - len(target) + 1) if loose[i : i + len(target)] == target]
        if places:
            _require_one([i + 1 for i in places])
            at = places[0]
            found = lines[at : at + len(wanted)]
            put = _indented(_trimmed(_lines(new), top, bottom), wanted, found)
            inner = "\r" if any(line.endswith("\r") for line in (found[0], *lines[at - 1 : at])) else ""
            put = [line + inner for line in put[:-1]] + [
                line + found[-1][len(found[-1].rstrip("\r")) :] for line in put[-1:]
            ]
            return "\n".join([*lines[:at], *put, *lines[at + len(wanted) :]])
    return None


def _by_characters(text: str, old: str, new: str) -> str | None:
    """A piece of a line, or one across lines that starts or ends inside a line."""
    plain, wanted = text.translate(_TYPOGRAPHY), old.translate(_TYPOGRAPHY)
    pieces = re.split(r"[ \t\r]*\n[ \t]*", wanted.strip())
    matches = list(re.finditer(r"[ \t\r]*\n[ \t]*".join(re.escape(piece) for piece in pieces), plain))
    if not matches:
        return None
    _require_one([_line_of(plain, m.start()) for m in matches])
    # The table maps one character to one, so the place found holds in the file's own characters too.
    start, end = matches[0].span()
    put = new.lstrip() if old[0].isspace() else new
    put = put.rstrip() if old[-1].isspace() else put
    return text[:start] + _with_endings_of(text, put) + text[end:]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _blank_edges(lines: list[str]) -> tuple[int, int]:
    top = sum(1 for _ in takewhile(lambda line: not line.strip(), lines))
    bottom = sum(1 for _ in takewhile(lambda line: not line.strip(), reversed(lines)))
    return top, bottom


def _trimmed(lines: list[str], top: int, bottom: int) -> list[str]:
    """`lines` without the blank edges that `old` had too: they frame the text, they are not part of it."""
    if not any(line.strip() for line in lines):
        return []
    own_top, own_bottom = _blank_edges(lines)
    return lines[min(top, own_top) : len(lines) - min(bottom, own_bottom)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _indented(lines: list[str], wanted: list[str], found: list[str]) -> list[str]:
    """`lines` with the file's indentation in place of the one the model assumed."""
    assumed, real = _indent(wanted[0]), _indent(found[0])
    if assumed == real:
        return lines
    if real.startswith(assumed):
        extra = real.removeprefix(assumed)
        return [assumed + extra + line.removeprefix(assumed) if line.strip() else line for line in lines]
    return [real + line.removeprefix(assumed) if line.startswith(assumed) and line.strip() else line for line in lines]


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _require_one(lines: list[int]) -> None:
    if len(lines) > 1:
        at = ", ".join(str(n) for n in lines[:8])
        raise EditFailed(
            f"`old` is in the file {len(lines)} times (lines {at}). Include more of the lines around it, so that it names one place."
        )


def _miss(text: str, old: str, new: str) -> str:
    if len(new.strip()) >= _TELLING_CHARS and new.strip() in text and new.strip() not in old:
        return "`old` is not in the file, but `new` already is: the edit seems to have been made before. Read the file to see."
    region = closest_region(text, old)
    near = f" The closest part of the file reads:\n{region}\nCopy `old` from there exactly." if region else ""
    return f"`old` is not in the file.{near}"


def closest_region(text: str, old: str) -> str:
    """The lines most like `old`, with a few around them; empty when nothing is like it."""
    lines, wanted = text.split("\n")[:_REGION_SEARCH_LINES], [line.strip() for line in _lines(old) if line.strip()]
    stripped = [line.strip() for line in lines]
    common = set(wanted)
    span = max(len(wanted), 1)
    scores = [1 if line in common else 0 for line in stripped]
    window = sum(scores[:span])
    best, at = window, 0
    for i in range(1, max(len(lines) - span + 1, 1)):
        window += (scores[i + span - 1] if i + span - 1 < len(scores) else 0) - scores[i - 1]
        if window > best:
            best, at = window, i
    if not best:
        longest = max(wanted, key=len, default="")
        near = difflib.get_close_matches(longest, [line for line in stripped if line], n=1, cutoff=0.5)
        if not near:
            return ""
        at, span = stripped.index(near[0]), 1
    start, end = max(0, at - _REGION_LINES), min(len(lines), at + min(span, 40) + _REGION_LINES)
    return "\n".join(line.rstrip("\r") for line in lines[start:end])
