"""Several wishes in one prompt: `make it blue and add a dark mode toggle`."""

import re

from backend.agent.demo.naming import quoted

_BETWEEN = re.compile(r"\s*(?:[,;\n]\s*(?:and|then|also)?|\b(?:and|then)\b)\s+(?:also\s+|then\s+)?", re.I)
_ADDS = re.compile(r"\W*(?:please\s+)?add\b", re.I)
_THING = re.compile(r"^(?:an?|the|another)\b", re.I)


def wishes(prompt: str) -> list[str]:
    """The prompt's clauses, never split within quotes. Whether each is a wish of its own is for the caller to find out."""
    hidden = prompt
    for piece in quoted(prompt):
        hidden = hidden.replace(piece, "\0" * len(piece))
    ends = [(found.start(), found.end()) for found in _BETWEEN.finditer(hidden)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(start for start, _ in ends), len(prompt)]
    clauses = [clause for start, stop in zip(starts, stops, strict=True) if (clause := prompt[start:stop].strip(" .!"))]
    wished: list[str] = []
    for clause in clauses:
        goes_on = bool(wished) and _ADDS.match(wished[-1]) and _THING.match(clause)
        wished.append(f"add {clause}" if goes_on else clause)
    return wished
