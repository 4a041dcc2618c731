"""Ends of a run that are not success, as exceptions with names."""

from backend.domain import CheckReport, Failure, FailureCode
from backend.events import ToolFinished

_KEPT = "The best state of its files is kept. Say how it should be solved, or go back to the last verified version."


class Stopped(Exception):
    """The run cannot go on; `failure` tells the person why, and what to do."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class ModelFailed(Stopped):
    """No configured model answers."""

    def __init__(self, message: str, action: str) -> None:
        super().__init__(Failure(code=FailureCode.MODEL, message=message, action=action))


class SameFailure(Stopped):
    """The checks found the same again and again, or the same two things in turns."""

    def __init__(self, report: CheckReport, times: int, *, swings: bool = False) -> None:
        problems = report.problems
        first = problems[0] if problems else None
        where = (first.file or first.route or "") if first else ""
        broken = f"{where + ': ' if where else ''}{_first_line(first.message)}" if first else "a check did not pass"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        came = (
            "two problems took turns, each repair brought the other back"
            if swings
            else f"the same problem came back {times} times"
        )
        super().__init__(
            Failure(
                code=FailureCode.CHECKS,
                message=f"The app still fails its checks: {came}. Broken: {broken}{more}",
                action=_KEPT,
            )
        )


class SameCall(Stopped):
    """The model made the same call again and again, and it failed in the same way."""

    def __init__(self, result: ToolFinished, times: int) -> None:
        super().__init__(
            Failure(
                code=FailureCode.MODEL,
                message=f"The model went in circles: {times} times it called {result.tool} ({_first_line(result.target)}), and each time "
                f"it heard: {_first_line(result.result)}",
                action=_KEPT,
            )
        )


class Idle(Stopped):
    """Answer after answer changed nothing and found out nothing."""

    def __init__(self, answers: int) -> None:
        super().__init__(
            Failure(
                code=FailureCode.MODEL,
                message=f"The model went in circles: its last {answers} answers changed no file and found out nothing new.",
                action=_KEPT,
            )
        )


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 300 else line[:299] + "…"
