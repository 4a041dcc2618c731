"""Notice that a run goes in circles. Everything follows from the journal, in its order, so a resumed run notices the same."""

import json
from collections import Counter
from collections.abc import Sequence

from pydantic_ai.messages import ToolCallPart

from backend.agent.signatures import normalised, signature
from backend.agent.stops import Idle, SameCall, SameFailure, Stopped
from backend.agent.tools import PROVING
from backend.domain import CheckReport
from backend.events import ToolFinished

SAME_LIMIT = 3
"""How often the checks may find the very same, or a tool may refuse the very same call, before the run ends."""
IDLE_LIMIT = 6
"""How many answers in a row may neither change a file nor find out anything new."""
_SWING = 2
"""Two failures that take turns so often each are no progress."""

Deed = tuple[str, str, str]
"""A tool, its arguments, and what came of it."""


class Progress:
    def __init__(self) -> None:
        self._failures: list[frozenset[str]] = []
        """What the checks found, each time they failed."""
        self._failed: Counter[Deed] = Counter()
        self._known: set[Deed] = set()
        self._idle = 0
        self._end: Stopped | None = None

    def checked(self, report: CheckReport) -> None:
        if report.passed:
            return
        self._failures.append(found := signature(report))
        times = self._failures.count(found)
        if times >= SAME_LIMIT:
            self._end = SameFailure(report, times)
        elif self._swings():
            self._end = SameFailure(report, _SWING, swings=True)

    def answered(self, calls: Sequence[ToolCallPart], results: Sequence[ToolFinished]) -> None:
        """An answer's calls were carried out; `results` in any order."""
        arguments = {call.tool_call_id: _canonical(call) for call in calls}
        deeds = {_deed(result, arguments): result for result in results}
        failed = {deed: r for deed, r in deeds.items() if not r.ok and r.tool not in PROVING}
        self._failed.update(failed.keys())
        new = deeds.keys() - self._known
        self._known |= deeds.keys()
        self._idle = 0 if new or any(result.changes for result in results) else self._idle + 1
        if often := next((r for deed, r in failed.items() if self._failed[deed] >= SAME_LIMIT), None):
            self._end = self._end or SameCall(often, SAME_LIMIT)
        elif self._idle >= IDLE_LIMIT:
            self._end = self._end or Idle(IDLE_LIMIT)

    def warning(self, call: ToolCallPart, result: ToolFinished) -> str:
        """What the model is told when it is about to go in circles."""
        deed = _deed(result, {call.tool_call_id: _canonical(call)})
        if self._failed[deed] != SAME_LIMIT - 1:
            return ""
        return "\nYou made this very call before, with this very result; a third time ends the run. Take another way."

    def require(self) -> None:
        """Raises `Stopped` when there is none."""
        if self._end:
            raise self._end

    def _swings(self) -> bool:
        last = self._failures[-2 * _SWING :]
        return len(last) == 2 * _SWING and last[0] != last[1] and last == last[:2] * _SWING


def _deed(result: ToolFinished, arguments: dict[str, str]) -> Deed:
    return result.tool, arguments.get(result.call_id, ""), normalised(result.result)


def _canonical(call: ToolCallPart) -> str:
    """The same for the same arguments, however they are written."""
    try:
        return json.dumps(call.args_as_dict(), sort_keys=True)
    except ValueError:
        return str(call.args)
