"""How far a run may go without asking: what the person spoke of, what the run found, what it was asked about already.

All of it follows from the run's journal, so a run that resumes may go as far as before.
"""

from collections.abc import Iterable

from backend.agent.guards.losses import is_loss, lines_lost
from backend.agent.guards.naming import names
from backend.agent.guards.protection import protected
from backend.domain import FileStatus
from backend.events import ToolFinished
from backend.workspace.paths import generated
from backend.workspace.starter import starter_files

ASKED = "Not done yet: "
"""How a question to the model begins."""
_MOST_TOLD = 6
_PLACEHOLDER = "app/page.tsx"
"""What the starter has there is meant to go; its other files are meant to be changed, not deleted."""


class Scope:
    def __init__(self, prompt: str, found: Iterable[str] = ()) -> None:
        """`found`: the project's paths when the run began."""
        self._prompt = prompt
        self._found = set(found)
        self._asked: set[str] = set()
        self._settled: set[str] = set()

    def note(self, event: ToolFinished) -> None:
        """What came of a call, in the journal's order."""
        if ASKED in event.result:
            self._asked.add(event.target)
        elif event.target in self._asked:
            self._settled |= {change.path for change in event.changes}
        if event.tool == "move_file" and not self._found.isdisjoint(change.path for change in event.changes):
            self._found |= {change.path for change in event.changes if change.status is FileStatus.ADDED}

    def protects(self, path: str) -> str | None:
        """Why the file may not be changed; None when it may."""
        return protected(path, self._prompt)

    def loses(self, path: str, before: bytes | None, after: bytes | None) -> bool:
        """Whether the change takes away what nobody spoke of: more than half of a file that was there before the run,
        which the request does not name and nobody was asked about.
        """
        if before is None or path not in self._found - self._settled or generated(path) or not is_loss(before, after):
            return False
        if before == starter_files().get(path) and (after is not None or path == _PLACEHOLDER):
            return False
        return not names(self._prompt, path, before.decode(errors="replace"))

    def may(self, target: str, why: str) -> bool:
        """Whether the model, having been asked about the very same call, has given its reason."""
        return bool(why.strip()) and target in self._asked

    def question(self, losses: dict[str, tuple[bytes, bytes | None]], instead: str) -> str:
        """What the model is asked; `losses`: path → what the file was, and what it would be."""
        told = [_told(path, before, after) for path, (before, after) in losses.items()]
        more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        which = "which the request does not name" if len(told) == 1 else "none of which the request names"
        return (
            f"{ASKED}this {'; '.join(told[:_MOST_TOLD])}{more}, {which}. If that is intended, make the same call again with "
            f"`why`: one sentence that the person reads. {instead}"
        )


def _told(path: str, before: bytes, after: bytes | None) -> str:
    gone, had = lines_lost(before, after)
    return f"deletes {path} ({had} lines)" if after is None else f"removes {gone} of {had} lines of {path}"
