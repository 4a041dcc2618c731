"""Count what a text of JSX or markup opens and closes."""

import re
from collections import Counter

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_OPENS = re.compile(r"(?<![\w\])])<(?P<name>[A-Za-z][\w.:-]*)(?=[\s/>])(?!\s+extends\b)")
_CLOSES = re.compile(r"</(?P<name>[A-Za-z][\w.:-]*)\s*>")
_TELLING = re.compile(rf"{_OPENS.pattern}|{_CLOSES.pattern.replace('<name>', '<closed>')}|[{{}}]|(?<!=)>")


def open_tag(text: str, known: str) -> str | None:
    """Which tag `text` leaves open and `known`, an earlier state of it, does not; as words that follow "the file"."""
    opened, before = _balance(text), _balance(known)
    for name, count in opened.items():
        more = count - max(0, before[name])
        if more > 0:
            return f"opens <{name}> {more} times more often than it closes it"
    return None


def _balance(text: str) -> Counter[str]:
    """Tag → how many more were opened than closed."""
    counts: Counter[str] = Counter()
    heads: list[tuple[str, int]] = []
    """Tags whose attributes are being read, each with the braces that are open among them."""
    for found in _TELLING.finditer(text):
        if name := found["name"]:
            heads.append((name, 0))
        elif name := found["closed"]:
            counts[name] -= 1
        elif heads:
            name, depth = heads.pop()
            if found[0] != ">":
                heads.append((name, depth + (1 if found[0] == "{" else -1)))
            elif depth > 0:
                heads.append((name, depth))
            elif name.lower() not in _VOID and text[found.start() - 1] != "/":
                counts[name] += 1
    return counts
