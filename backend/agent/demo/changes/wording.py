"""Finding what is to be added in a person's words."""

import re

from backend.agent.demo.changes.request import Request

_TAIL = re.compile(
    r"\s+(?:to|in|into|under|on)\s+(?:the\s+)?[\w ]{2,24}(?:column|list|board|row|section)?\s*[.!]?$", re.I
)
_LEAD = re.compile(r"^(?:called|named|titled|saying|that says|about|for|to)\s+", re.I)
_CALLED = re.compile(r"\b(?:called|named|titled)\s+(.{2,120}?)(?=\s+(?:to|in|for)\s+|\s*[.!?]?$)", re.I)
MAX_CHARS = 120


def subject(request: Request, nouns: str) -> str | None:
    """What the new thing is called: in quotes, after a colon, or after the noun. None when `nouns` are not asked for or nothing follows."""
    asked = re.search(rf"\b(?:{nouns})s?\b", request.bare, re.I)
    if not asked:
        return None
    if request.quoted:
        return _tidy(request.quoted[0])
    if called := _CALLED.search(request.prompt):
        return _tidy(called[1])
    _, colon, after = request.prompt.partition(":")
    if colon and after.strip():
        return _tidy(after)
    at = re.search(rf"\b(?:{nouns})s?\b", request.prompt, re.I)
    rest = _TAIL.sub("", request.prompt[at.end() :].strip()) if at else ""
    rest = _LEAD.sub("", rest.strip())
    return _tidy(rest) if len(rest) >= 2 else None


def new_id(text: str, taken: str) -> str:
    """An id from the words of `text` that is not yet in the file `taken`."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-") or "item"
    names = (slug if n == 1 else f"{slug}-{n}" for n in range(1, 1000))
    return next(name for name in names if f'"{name}"' not in taken)


def _tidy(text: str) -> str | None:
    text = re.sub(r"\s+", " ", text).strip(" .!\"'“”‘’")[:MAX_CHARS].strip()
    return text[:1].upper() + text[1:] if text else None
