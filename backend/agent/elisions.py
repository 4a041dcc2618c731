"""Find the places where a model wrote "the rest stays as it was" instead of the rest."""

import re

_COMMENT = re.compile(r"^\s*(?://+|#+|/\*+|\{/\*+|<!--|\*)\s*(?P<text>.*?)\s*(?:\*+/\}?|-->)?\s*$")
_LEADING_DOTS = re.compile(
    r"^(?:\.{3,}|…)\s*.*\b(?:rest|remaining|remainder|existing|unchanged|previous|same|omitted|other|keep|unmodified|original|more)\b",
    re.I,
)
_TRAILING_DOTS = re.compile(
    r"^(?:the |all |keep |keeping )*(?:rest|remaining|remainder|existing|unchanged|same|omitted|unmodified"
    r"|(?:other|previous|original) (?:code|imports?|components?|props|fields|functions?|styles|content))\b.*(?:\.{3,}|…)$",
    re.I,
)
_SAID = re.compile(
    r"\b(?:rest|remaining|remainder|existing|everything|other|previous|original)\b.*"
    r"\b(?:unchanged|omitted|as before|goes here|(?:stays?|remains?|is|are) (?:the same|as is|as it was))\b",
    re.I,
)


def elisions(content: str, known: str = "") -> list[str]:
    """The lines of `content` that stand for text left out, but for those `known` (what the file has now) holds too."""
    kept = {line.strip() for line in known.splitlines()}
    return [line.strip() for line in content.splitlines() if line.strip() not in kept and _elides(line)]


def _elides(line: str) -> bool:
    comment = _COMMENT.match(line)
    if not comment:
        return False
    text = comment["text"]
    only_dots = bool(text) and not text.strip(".… ")
    return only_dots or any(pattern.search(text) for pattern in (_LEADING_DOTS, _TRAILING_DOTS, _SAID))
