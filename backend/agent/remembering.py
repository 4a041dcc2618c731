"""What is remembered of requests long ago: one line each, so that a project of hundreds still knows its decisions.

The lines follow from the journal alone, and are put together for ten requests at a time: what a provider's cache holds
stays true for as long.
"""

from collections.abc import Sequence

from backend.domain import ASKING
from backend.events import Event, ModelFinished, RunFinished, RunQueued, ToolFinished

MAX_CHARS = 24_000
"""Of all lines together: about 7,000 tokens."""
_ASKED_CHARS, _SAID_CHARS = 300, 240
_BARE_CHARS = 90
"""A request told shorter, for want of room."""


def briefly(runs: Sequence[Sequence[Event]]) -> str:
    """The runs, oldest first. When they don't fit, the oldest are told by their first words, then counted."""
    full = [_told(events, _ASKED_CHARS, _SAID_CHARS) for events in runs]
    bare = [_told(events, _BARE_CHARS, 0) for events in runs]
    shortened = next(at for at in range(len(runs) + 1) if at == len(runs) or _fits(bare[:at] + full[at:]))
    lines = bare[:shortened] + full[shortened:]
    left_out = next(at for at in range(len(lines) + 1) if _fits(lines[at:]))
    if left_out:
        lines = [f"({left_out} requests before these are not told.)", *lines[left_out:]]
    return "\n".join(
        ["<earlier>", "What was asked before, and what you said you did, oldest first:", *lines, "</earlier>"]
    )


def _fits(lines: Sequence[str]) -> bool:
    return sum(map(len, lines)) <= MAX_CHARS


def _told(events: Sequence[Event], asked_chars: int, said_chars: int) -> str:
    queued = next(event for event in events if isinstance(event, RunQueued))
    if queued.kind not in ASKING:
        return f"- ({_short(queued.prompt, asked_chars) or queued.kind})"
    line = f"- {_short(queued.prompt, asked_chars)}"
    said = _short(_summary(events), said_chars)
    return f"{line} → {said}" if said else line


def _summary(events: Sequence[Event]) -> str:
    """The summary it finished with, else its last words; how it ended, when that was not well."""
    words = ""
    for event in events:
        if isinstance(event, ToolFinished) and event.tool == "finish" and event.ok:
            words = event.target
        elif isinstance(event, ModelFinished) and event.text.strip():
            words = event.text
        elif isinstance(event, RunFinished) and event.failure:
            words = f"(failed: {event.failure.message})"
    return words


def _short(text: str, limit: int) -> str:
    """Its first words on one line; nothing where there is no room for any."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit].rsplit(' ', 1)[0]} …" if limit else ""
