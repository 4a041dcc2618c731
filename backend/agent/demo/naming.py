"""Names in what a person writes, and titles for projects."""

import re

from backend.agent.demo.matching import app_for

_QUOTED = r"[\"“”'‘’«»`]([^\"“”‘’«»`\n]{1,40}?)[\"“”'‘’«»`](?!\w)"
_PLAIN = r"([A-Z0-9][\w&+.\-]*(?:[ ][A-Z0-9][\w&+\-]*){0,3})"
_ASKS = r"\b(?:called|named|name(?:d)? it|call(?:ed)? it|titled|title it|(?i:name is|app name:?|rename (?:it|this|the \w+)? ?(?:to|as)))\s+"
_GIVEN = re.compile(rf"(?:{_ASKS})(?:{_QUOTED}|{_PLAIN})")
_MAX_TITLE = 48


def given_name(prompt: str) -> str | None:
    """The name the person gives the app: `called "Orbit"`, `named Orbit`."""
    found = _GIVEN.search(prompt)
    if not found:
        return None
    return clean_name(found[1] or found[2])


def quoted(prompt: str) -> list[str]:
    """Every piece of the prompt in quotes."""
    return [piece.strip() for piece in re.findall(rf"(?<!\w){_QUOTED.replace('{1,40}', '{1,160}')}", prompt)]


def clean_name(text: str) -> str | None:
    """`text` fit to stand in code and markup alike, or None when nothing is left."""
    name = re.sub(r"[^\w &+.\-]", "", text).strip(" .-")[:40].strip()
    return name or None


def demo_title(prompt: str) -> str:
    """A short title for a project that begins with this prompt."""
    if name := given_name(prompt):
        return name
    if app := app_for(prompt):
        return app.name
    words = re.sub(r"\s+", " ", prompt).strip()
    words = re.sub(
        r"^(please |can you |could you )?(build|make|create|design|write|generate)( me)?( an?| the)? ",
        "",
        words,
        flags=re.I,
    )
    first = re.split(r"[.!?:;,\n]", words)[0].strip()
    if len(first) > _MAX_TITLE:
        first = first[:_MAX_TITLE].rsplit(" ", 1)[0]
    return first[:1].upper() + first[1:] if first else "Untitled app"
